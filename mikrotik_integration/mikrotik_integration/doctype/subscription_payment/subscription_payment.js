const MANAGERS = ["ISP Manager", "ISP Administrator", "System Manager"];
const UNVERIFIED = ["Requested", "Received"];

frappe.ui.form.on("Subscription Payment", {
	refresh(frm) {
		frm.disable_save();
		frm.dashboard.clear_headline();
		if (frm.is_new()) return;
		say_what_it_is(frm);
		add_buttons(frm);
	},
});

function say_what_it_is({ doc, dashboard }) {
	const [color, text] = {
		Requested: ["blue", __("Waiting for the customer and for M-PESA's answer.")],
		Received: ["blue", __("Somebody says that this was paid. It counts once M-PESA confirms it.")],
		Verified: ["blue", __("The money is there. It is being booked.")],
		Applied: ["green", __("Booked, and the subscription got it.")],
		Failed: ["red", __("M-PESA says that nothing was paid.")],
		"Needs Review": ["orange", __("A person has to decide.")],
		Duplicate: ["yellow", __("The same money is recorded as {0}; it counts once.", [doc.duplicate_of])],
		Reversed: ["red", __("Its Payment Entry was cancelled: it no longer counts.")],
	}[doc.status];
	const because = doc.review_reason || (UNVERIFIED.includes(doc.status) ? doc.last_answer : "");
	const words = [text, because, next_step(doc)].filter(Boolean).join(" ");
	dashboard.set_headline(`<div>${frappe.utils.escape_html(words)}</div>`, color);
}

function next_step(doc) {
	if (!UNVERIFIED.includes(doc.status) || !doc.next_ask) return "";
	return __("M-PESA is asked again at {0}.", [frappe.datetime.str_to_user(doc.next_ask)]);
}

function add_buttons(frm) {
	const { status, mpesa_settings } = frm.doc;
	if (UNVERIFIED.includes(status) && mpesa_settings)
		frm.add_custom_button(__("Ask M-PESA Again"), () => call(frm, "ask_now"));
	if (!MANAGERS.some((role) => frappe.user.has_role(role))) return;
	if (["Received", "Needs Review"].includes(status))
		frm.add_custom_button(__("Assign to Subscription"), () => assign(frm));
	if (["Requested", "Received", "Needs Review", "Failed"].includes(status) && !frm.doc.verified)
		frm.add_custom_button(__("Confirm by Hand"), () => confirm_by_hand(frm));
	if (status === "Duplicate")
		frm.add_custom_button(__("Not a Duplicate"), () =>
			frappe.confirm(
				__("Were these really two payments? Then {0} is booked as well.", [
					format_currency(frm.doc.amount, frm.doc.currency),
				]),
				() => call(frm, "not_a_duplicate")
			)
		);
}

async function call(frm, method, args = {}) {
	await frm.call({ doc: frm.doc, method, args });
	frappe.show_alert({ message: __("Under way; this form follows"), indicator: "blue" });
	frm.reload_doc();
}

function assign(frm) {
	frappe.prompt(
		[
			{
				fieldname: "subscription",
				fieldtype: "Link",
				options: "Customer Subscription",
				label: __("Subscription"),
				default: frm.doc.suggested_subscription || frm.doc.subscription,
				reqd: 1,
				description: frm.doc.suggested_subscription
					? __("Suggested because of the payer's phone number")
					: "",
				get_query: () => ({ filters: { terminated_at: ["is", "not set"] } }),
			},
		],
		(values) => call(frm, "assign", values),
		__("Whose money is this?"),
		__("Assign")
	);
}

function confirm_by_hand(frm) {
	frappe.prompt(
		[
			{
				fieldtype: "HTML",
				options: `<p>${__(
					"Only if you saw this money in the M-PESA portal or on the bank statement. Your name and reason are kept."
				)}</p>`,
			},
			{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		],
		(values) => call(frm, "confirm", values),
		__("Confirm by Hand"),
		__("The Money Is There")
	);
}
