// The customer's page: sends the M-PESA prompt, follows the payment, and keeps what is shown up to date.
(() => {
	const REQUEST = "/api/method/mikrotik_integration.api.payments.request_payment";
	const REFRESH_MS = 60000;
	const AFTER_PAYMENT_MS = [0, 3000, 8000, 20000];

	const { follow } = window.mikrotik_integration.payment_progress;
	const cards = [...document.querySelectorAll("[data-subscription]")];

	function show(card, { color, text }) {
		const box = card.querySelector(".my-internet-progress");
		box.className = `my-internet-progress ${color}`;
		box.textContent = text;
		box.hidden = false;
	}

	// Draws again what may have changed, from the page itself, and leaves the form alone.
	async function refresh() {
		let page;
		try {
			const answer = await fetch(window.location.pathname, { cache: "no-store" });
			if (!answer.ok || answer.redirected) return;
			page = new DOMParser().parseFromString(await answer.text(), "text/html");
		} catch {
			return; // offline: what is shown stays until the next time
		}
		for (const card of cards) {
			const fresh = page.getElementById(card.id)?.querySelectorAll("[data-live]") || [];
			card.querySelectorAll("[data-live]").forEach((part, number) => {
				if (fresh[number]) part.innerHTML = fresh[number].innerHTML;
			});
		}
	}

	function follow_payment(card, name) {
		const button = card.querySelector(".my-internet-pay button");
		if (button) button.disabled = true;
		follow(name, (payment, words, decided) => {
			show(card, words);
			if (!decided) return;
			if (button) button.disabled = false;
			AFTER_PAYMENT_MS.forEach((delay) => setTimeout(refresh, delay));
		});
	}

	// Frappe packs the words of a refusal into JSON within JSON.
	async function reason(answer) {
		try {
			const [first] = JSON.parse((await answer.json())._server_messages);
			const words = new DOMParser().parseFromString(JSON.parse(first).message, "text/html");
			return words.body.textContent;
		} catch {
			return __("The prompt could not be sent. Nobody was charged; please try again");
		}
	}

	async function pay(event) {
		event.preventDefault();
		const form = event.target;
		const card = form.closest("[data-subscription]");
		const button = form.querySelector("button");
		button.disabled = true;
		show(card, { color: "blue", text: __("Sending the prompt to your phone…") });
		let answer;
		try {
			answer = await fetch(REQUEST, {
				method: "POST",
				headers: {
					Accept: "application/json",
					"Content-Type": "application/json",
					"X-Frappe-CSRF-Token": frappe.csrf_token,
				},
				body: JSON.stringify({
					subscription: card.dataset.subscription,
					phone_number: form.elements.phone_number.value,
					amount: Number(form.elements.amount.value),
				}),
			});
		} catch {
			// nobody knows whether the question arrived: look before asking twice
			button.disabled = false;
			show(card, {
				color: "orange",
				text: __("No connection. If a prompt comes up on your phone, answer it; otherwise try again"),
			});
			return;
		}
		if (answer.ok) {
			follow_payment(card, (await answer.json()).message.payment);
			return;
		}
		button.disabled = false;
		show(card, { color: "red", text: await reason(answer) });
	}

	for (const card of cards) {
		card.querySelector(".my-internet-pay")?.addEventListener("submit", pay);
		if (card.dataset.openPayment) follow_payment(card, card.dataset.openPayment);
	}
	setInterval(() => !document.hidden && refresh(), REFRESH_MS);
})();
