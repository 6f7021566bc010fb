const TILL_API = "mikrotik_integration.api.vouchers.";
const ASK_AGAIN_MS = 3000;
const LAST_ROUTER = "hotspot_till_router";

frappe.pages["hotspot-till"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Till"), single_column: true });
	wrapper.till = new HotspotTill(page);
};

frappe.pages["hotspot-till"].on_page_show = (wrapper) => wrapper.till?.show();
frappe.pages["hotspot-till"].on_page_hide = (wrapper) => wrapper.till?.stop();

const safe = (text) => frappe.utils.escape_html(String(text ?? ""));
const amount = (row) => format_currency(row.price ?? row.amount, row.currency);
const call = (method, values = {}) => frappe.xcall(TILL_API + method, values);

class HotspotTill {
	constructor(page) {
		this.root = $('<div class="hotspot-till"></div>').appendTo(page.main);
		this.shop = $("<div></div>").appendTo(this.root);
		this.counter = $("<div></div>").appendTo(this.root);
		this.journal = $("<div></div>").appendTo(this.root);
		page.set_secondary_action(__("Refresh"), () => this.start(), "refresh");
		frappe.realtime.on("hotspot_purchase_update", ({ purchase }) => {
			if (purchase === this.waiting_for) this.look_at(purchase);
		});
		this.listen();
		this.start();
	}

	listen() {
		this.root.on("change", "select.router", (event) => this.choose_router(event.target.value));
		this.root.on("click", ".package", (event) => this.choose_package(event.currentTarget.dataset.package));
		this.root.on("click", ".pay-cash", () => this.sell_for_cash());
		this.root.on("click", ".pay-mpesa", () => this.sell_for_mpesa());
		this.root.on("keydown", ".phone", (event) => event.key === "Enter" && this.sell_for_mpesa());
		this.root.on("click", ".next-sale", () => this.next_sale());
		this.root.on("click", ".print-voucher", (event) => this.print(event.currentTarget.dataset.voucher));
		this.root.on("click", ".sale[data-voucher]", (event) => this.show_sold(event.currentTarget.dataset.voucher));
		this.root.on("click", ".sale[data-purchase]", (event) => this.wait_for(event.currentTarget.dataset.purchase));
	}

	// ---- the shop

	async start() {
		const routers = await call("routers");
		if (!routers.length) {
			this.shop.html(`<p class="text-muted">${__("There is no router on which you may sell vouchers.")}</p>`);
			return;
		}
		const names = routers.map((router) => router.name);
		const last = localStorage.getItem(LAST_ROUTER);
		const chosen = names.includes(last) ? last : names[0];
		const options = routers.map(({ name, wifi_name }) => {
			const label = wifi_name ? `${name} (${wifi_name})` : name;
			return `<option value="${safe(name)}" ${name === chosen ? "selected" : ""}>${safe(label)}</option>`;
		});
		this.shop.html(
			`<label class="sr-only" for="hotspot-till-router">${__("Router")}</label>` +
				`<select id="hotspot-till-router" class="router form-control">${options.join("")}</select>`
		);
		await this.choose_router(chosen);
	}

	show() {
		if (this.router) this.refresh_journal();
		if (this.waiting_for) this.look_at(this.waiting_for);
	}

	stop() {
		clearTimeout(this.timer);
	}

	async choose_router(router) {
		this.router = router;
		localStorage.setItem(LAST_ROUTER, router);
		await Promise.all([this.next_sale(), this.refresh_journal()]);
	}

	async next_sale() {
		this.stop();
		this.waiting_for = null;
		this.chosen = null;
		const router = this.router;
		const packages = await call("packages", { router });
		if (router !== this.router) return;
		this.packages = packages;
		this.draw_packages();
	}

	draw_packages() {
		const buttons = this.packages.map((one) => {
			const gone = one.left === 0;
			const note = gone ? __("Sold out") : one.left === null ? "" : __("{0} left", [one.left]);
			const pressed = one.package === this.chosen?.package;
			return `<button type="button" class="package" data-package="${safe(one.package)}"
					aria-pressed="${pressed}" ${gone ? "disabled" : ""}>
				<b>${safe(one.package)}</b><span class="price">${amount(one)}</span>
				<small>${safe(one.terms)}${note ? `<br>${note}` : ""}</small></button>`;
		});
		const none = `<p class="text-muted">${__("No package is sold as a voucher yet.")}</p>`;
		this.counter.html(`<div class="packages">${buttons.join("") || none}</div><div class="pay hidden"></div>`);
	}

	choose_package(name) {
		this.chosen = this.packages.find((one) => one.package === name);
		const phone = this.counter.find(".phone").val() || "";
		this.counter
			.find(".package")
			.each((_, button) => button.setAttribute("aria-pressed", button.dataset.package === name));
		this.counter.find(".pay").removeClass("hidden").html(
			`<p><b>${safe(name)}</b> · ${amount(this.chosen)}</p>
			<div class="ways">
				<button type="button" class="btn btn-primary pay-cash">${__("Cash")}<br>${amount(this.chosen)}</button>
				<div class="mpesa">
					<input class="phone form-control" type="tel" inputmode="tel" autocomplete="off"
						placeholder="${__("07… (M-PESA)")}" aria-label="${__("M-PESA phone")}" value="${safe(phone)}">
					<button type="button" class="btn btn-success pay-mpesa">${__("M-PESA")}</button>
				</div>
			</div>`
		);
	}

	// ---- selling

	async once(work) {
		if (this.busy) return;
		this.busy = true;
		this.counter.find("button, input").prop("disabled", true);
		try {
			await work();
		} catch {
			// Frappe has said why; what was sold all the same stands in the list below
			this.counter.find("button, input").prop("disabled", false);
		} finally {
			this.busy = false;
			this.refresh_journal();
		}
	}

	sell_for_cash() {
		return this.once(async () => {
			const sale = await call("sell_for_cash", { package: this.chosen.package, router: this.router });
			this.draw_sold(sale);
		});
	}

	sell_for_mpesa() {
		const phone = this.counter.find(".phone").val()?.trim();
		if (!phone) {
			this.counter.find(".phone").trigger("focus");
			frappe.show_alert({ message: __("Type the customer's M-PESA phone number"), indicator: "orange" });
			return;
		}
		return this.once(async () => {
			const values = { package: this.chosen.package, router: this.router, phone };
			this.draw_purchase(await call("sell_for_mpesa", values));
		});
	}

	wait_for(purchase) {
		this.look_at(purchase);
		this.root[0].scrollIntoView();
	}

	async look_at(name) {
		this.stop();
		this.waiting_for = name;
		try {
			const purchase = await call("purchase", { name });
			if (this.waiting_for === name) this.draw_purchase(purchase);
		} catch {
			this.later(() => this.look_at(name)); // the network is gone for a while: nothing is decided by that
		}
	}

	later(work) {
		this.stop();
		this.timer = setTimeout(work, ASK_AGAIN_MS);
	}

	draw_purchase(purchase) {
		if (purchase.state === "paid") {
			this.show_sold(purchase.voucher);
			this.refresh_journal();
			return;
		}
		this.waiting_for = purchase.state === "waiting" ? purchase.purchase : null;
		const words = {
			waiting: __("Waiting for M-PESA: the customer types the PIN on {0}", [safe(purchase.phone)]),
			failed: __("Not paid: {0}", [safe(purchase.because)]),
			refund: __("Paid, but there is no voucher: pay the money back. {0}", [safe(purchase.because)]),
		}[purchase.state];
		const button = purchase.state === "waiting" ? __("Serve somebody else meanwhile") : __("Next sale");
		this.counter.html(
			`<div class="waiting" role="status" data-state="${safe(purchase.state)}">
				<p><b>${safe(purchase.package)}</b> · ${amount(purchase)}</p><p>${words}</p>
				<button type="button" class="btn btn-default next-sale">${button}</button></div>`
		);
		if (purchase.state === "waiting") this.later(() => this.look_at(purchase.purchase));
		else this.refresh_journal();
	}

	// ---- what was sold

	async show_sold(voucher) {
		this.stop();
		this.waiting_for = null;
		this.draw_sold(await call("sold", { voucher }));
		this.root[0].scrollIntoView();
	}

	draw_sold(sale) {
		this.stop();
		this.waiting_for = null;
		const invoice = sale.sale_name
			? frappe.utils.get_form_link(sale.sale_doctype, sale.sale_name, true)
			: __("on the day's invoice");
		this.counter.html(
			`<div class="sold" data-voucher="${safe(sale.name)}">
				<p><b>${safe(sale.package)}</b> · ${safe(sale.price)} · ${safe(__(sale.mode_of_payment))}</p>
				<div class="code">${safe(sale.code_shown)}</div>
				<img src="${safe(sale.code_qr)}" alt="${__("QR code that logs in")}">
				<p>${safe(sale.english)}</p>
				${sale.wifi_name ? `<p>Wi-Fi: <b>${safe(sale.wifi_name)}</b> ${safe(sale.wifi_password)}</p>` : ""}
				<p class="router-state"></p>
				<div class="after">
					<button type="button" class="btn btn-default print-voucher" data-voucher="${safe(sale.name)}">
						${__("Print Receipt")}</button>
					<button type="button" class="btn btn-primary next-sale">${__("Next sale")}</button>
				</div>
				<p class="text-muted">${__("Sold by {0}", [safe(sale.seller)])} · ${invoice}</p>
			</div>`
		);
		this.draw_router_state(sale);
	}

	draw_router_state(sale) {
		const ready = sale.router_status === "In Sync";
		const ended = !["Pending", "Active"].includes(sale.status);
		const [color, text] = ended
			? ["gray", __(sale.status)]
			: ready
			? ["green", __("The router knows the code")]
			: ["orange", __("Waiting for the router")];
		this.counter
			.find(".router-state")
			.html(`<span class="indicator-pill ${color}"><span>${safe(text)}</span></span>`);
		if (!ready && !ended) this.later(() => this.follow_router(sale.name));
	}

	async follow_router(voucher) {
		const shown = () => this.counter.find(".sold").attr("data-voucher") === voucher;
		try {
			const sale = await call("sold", { voucher });
			if (shown()) this.draw_router_state(sale);
		} catch {
			if (shown()) this.later(() => this.follow_router(voucher));
		}
	}

	print(voucher) {
		const query = new URLSearchParams({
			doctype: "Hotspot Voucher",
			name: voucher,
			format: "Hotspot Voucher",
			no_letterhead: 1,
			trigger_print: 1,
		});
		window.open(frappe.urllib.get_full_url(`/printview?${query}`));
	}

	async refresh_journal() {
		const { sales, waiting, takings } = await call("last_sales");
		const taken = takings
			.map((row) => `${safe(__(row.mode_of_payment || "-"))}: <b>${amount(row)}</b> (${row.count})`)
			.join(" · ");
		const open = waiting.map(
			(one) => `<button type="button" class="sale" data-purchase="${safe(one.purchase)}">
				<span>${__("Waiting for {0}", [safe(one.phone)])}<small>${safe(one.package)}</small></span>
				<span>${amount(one)}</span></button>`
		);
		const done = sales.map(
			(row) => `<button type="button" class="sale" data-voucher="${safe(row.name)}">
				<span><span class="code">${safe(row.code)}</span>
				<small>${safe(row.internet_plan)} · ${frappe.datetime.prettyDate(row.sold_on)} · ${safe(__(row.status))}</small></span>
				<span>${amount(row)}<small>${safe(__(row.mode_of_payment || ""))}</small></span></button>`
		);
		this.journal.html(
			`<h4>${__("My last sales")}</h4><p class="takings">${taken ? `${__("Today")}: ${taken}` : ""}</p>` +
				(open.concat(done).join("") || `<p class="text-muted">${__("Nothing was sold yet.")}</p>`)
		);
	}
}
