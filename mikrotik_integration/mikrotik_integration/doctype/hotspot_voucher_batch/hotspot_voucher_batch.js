const BATCH_API = "mikrotik_integration.api.voucher_batches.";
const MANAGERS = ["System Manager", "ISP Administrator", "ISP Manager"];

frappe.ui.form.on("Hotspot Voucher Batch", {
	setup(frm) {
		frm.set_query("internet_plan", () => ({ filters: { sold_as_voucher: 1, enabled: 1 } }));
		frm.set_query("mikrotik_settings", () => ({ filters: { enabled: 1 } }));
	},

	refresh(frm) {
		frm.dashboard.clear_headline();
		if (frm.is_new()) return;
		listen(frm);
		show_progress(frm);
		show_counts(frm);
		if (frm.doc.status === "Made" && MANAGERS.some((role) => frappe.user.has_role(role))) add_buttons(frm);
	},
});

// ---- progress

function listen(frm) {
	if (frm.hears_of_vouchers) return;
	frm.hears_of_vouchers = true;
	frappe.realtime.on("hotspot_voucher_batch", (news) => {
		if (news.batch !== frm.docname) return;
		Object.assign(frm.doc, news);
		if (news.status === "Made" || news.on_router !== undefined) frm.reload_doc();
		else show_progress(frm);
	});
}

function show_progress(frm) {
	const { doc } = frm;
	clearTimeout(frm.ask_again);
	if (doc.status === "Failed") {
		frm.dashboard.set_headline(frappe.utils.escape_html(doc.error || __("Failed")), "red");
		return;
	}
	if (doc.status === "Made") {
		if (doc.error) frm.dashboard.set_headline(frappe.utils.escape_html(doc.error), "orange");
		return;
	}
	const percent = Math.round((100 * (doc.made || 0)) / doc.quantity);
	const words = __("{0} of {1} vouchers made", [doc.made || 0, doc.quantity]);
	frm.dashboard.show_progress(__("Making Vouchers"), percent, words);
	// where no socket server runs, the form looks for itself
	frm.ask_again = setTimeout(() => frm.docname === doc.name && !frm.is_dirty() && frm.reload_doc(), 5000);
}

async function show_counts(frm) {
	const statuses = ["Available", "Pending", "Active", "Used", "Expired", "Void"];
	const name = frm.docname;
	const counts = await Promise.all(
		statuses.map((status) => frappe.db.count("Hotspot Voucher", { filters: { batch: name, status } }))
	);
	if (frm.docname !== name) return;
	const pills = statuses
		.map((status, index) => [status, counts[index]])
		.filter(([, count]) => count)
		.map(
			([status, count]) =>
				`<button type="button" class="indicator-pill gray mr-2 border-0" data-status="${status}">` +
				`<span>${__(status)}: ${count}</span></button>`
		);
	const { $wrapper } = frm.get_field("summary");
	$wrapper.html(pills.join("") || `<p class="text-muted">${__("No vouchers yet.")}</p>`);
	$wrapper.find("[data-status]").on("click", (event) => {
		const { status } = event.currentTarget.dataset;
		frappe.set_route("List", "Hotspot Voucher", { batch: name, status });
	});
}

// ---- what can be done with it

function add_buttons(frm) {
	frm.add_custom_button(__("Print Sheets"), () => print_sheets(frm)).addClass("btn-primary");
	frm.add_custom_button(__("Export CSV"), () => export_codes(frm));
	if (!frm.doc.sales_invoice) frm.add_custom_button(__("Sell Batch"), () => sell(frm));
}

async function print_sheets(frm) {
	const { vouchers, at_once } = await frappe.xcall(BATCH_API + "printable", { batch: frm.docname });
	if (!vouchers) {
		frappe.msgprint(__("No voucher of this batch can be used any more."));
		return;
	}
	const most = Math.min(vouchers, at_once);
	frappe.prompt(
		[
			{
				fieldname: "layout",
				fieldtype: "Select",
				label: __("Paper"),
				options: ["A4", "80 mm", "58 mm"],
				default: "A4",
				reqd: 1,
				description: __("A4: 24 cards on a page. 80 and 58 mm: one voucher a cut"),
			},
			{ fieldname: "first", fieldtype: "Int", label: __("From Voucher"), default: 1, reqd: 1 },
			{
				fieldname: "count",
				fieldtype: "Int",
				label: __("How Many"),
				default: most,
				reqd: 1,
				description: __("Of {0}; at most {1} at once", [vouchers, at_once]),
			},
		],
		({ layout, first, count }) => {
			frappe.show_alert({ message: __("Printing takes some seconds"), indicator: "blue" });
			download("sheets", { batch: frm.docname, layout, first, count }, true);
		},
		__("Print Sheets"),
		__("Make PDF")
	);
}

function export_codes(frm) {
	frappe.confirm(
		__("Whoever has this file can sell or use these codes. That you take it is noted on the batch. Go on?"),
		() => {
			download("export", { batch: frm.docname });
			setTimeout(() => frm.reload_doc(), 2000);
		}
	);
}

function download(method, values, new_window = false) {
	open_url_post(`/api/method/${BATCH_API}${method}`, values, new_window);
}

function sell(frm) {
	frappe.prompt(
		{
			fieldname: "customer",
			fieldtype: "Link",
			options: "Customer",
			label: __("Customer"),
			reqd: 1,
			description: __("Owes the invoice of all vouchers that are still for sale; from then on the codes work"),
		},
		async ({ customer }) => {
			const { message } = await frm.call("sell", { customer });
			const link = frappe.utils.get_form_link("Sales Invoice", message, true);
			frappe.show_alert({ message: __("Sold with {0}", [link]), indicator: "green" }, 10);
			frm.reload_doc();
		},
		__("Sell Batch"),
		__("Sell")
	);
}
