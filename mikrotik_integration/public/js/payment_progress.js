// Follows one Subscription Payment until it is decided; for the desk form and for the customer's page.
// Time that goes by decides nothing: only M-PESA's answer does.
window.mikrotik_integration = window.mikrotik_integration || {};

(() => {
	const GET = "/api/method/mikrotik_integration.api.payments.get?payment=";
	const DECIDED = ["Applied", "Failed", "Needs Review", "Duplicate", "Reversed", "Closed"];
	const FAST_MS = 3000;
	const SLOW_MS = 10000;
	const SLOW_AFTER_S = 120;
	const LONG_WAIT_S = 75;

	// What to tell a person about a payment that was asked for `seconds` ago: { color, text }
	function words(payment, seconds) {
		switch (payment.status) {
			case "Applied":
				return {
					color: "green",
					text: payment.receipt
						? __("Paid. M-PESA receipt {0}", [payment.receipt])
						: __("Paid"),
				};
			case "Failed":
				return {
					color: "red",
					text: __("M-PESA says: {0}. Nothing was paid", [
						payment.because || __("not paid"),
					]),
				};
			case "Received":
			case "Verified":
				return { color: "blue", text: __("The money is there; it is being booked…") };
			case "Requested":
				return waiting(payment, seconds);
			default:
				return {
					color: "orange",
					text: __("Somebody has to look at this payment. Nothing is lost"),
				};
		}
	}

	function waiting(payment, seconds) {
		const text =
			seconds < LONG_WAIT_S
				? __("Sent to {0}. Enter the M-PESA PIN on that phone", [payment.phone_number])
				: __(
						"No answer from M-PESA yet. It is asked again by itself; do not pay twice. This page may be closed"
				  );
		return { color: "blue", text };
	}

	async function read(name) {
		const answer = await fetch(GET + encodeURIComponent(name), {
			headers: { Accept: "application/json" },
		});
		if (!answer.ok) throw new Error(answer.statusText);
		return (await answer.json()).message;
	}

	// Calls `show(payment, { color, text }, decided)` after each look; returns { look, stop }.
	function follow(name, show) {
		const begun = Date.now();
		let timer = null;
		let stopped = false;

		async function look() {
			clearTimeout(timer);
			const seconds = (Date.now() - begun) / 1000;
			let decided = false;
			try {
				const payment = await read(name);
				decided = DECIDED.includes(payment.status);
				if (!stopped) show(payment, words(payment, seconds), decided);
			} catch {
				// no connection at the moment: says nothing about the payment, the next look may succeed
			}
			clearTimeout(timer);
			if (!decided && !stopped)
				timer = setTimeout(look, seconds < SLOW_AFTER_S ? FAST_MS : SLOW_MS);
		}

		look();
		return {
			look,
			stop() {
				stopped = true;
				clearTimeout(timer);
			},
		};
	}

	window.mikrotik_integration.payment_progress = { follow, words };
})();
