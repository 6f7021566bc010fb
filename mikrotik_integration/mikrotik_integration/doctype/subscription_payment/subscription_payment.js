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
		Verified: doc.review_reason
			? ["orange", __("The money is there, but the books refused it.")]
			: ["blue", __("The money is there. It is being booked.")],
		Applied: ["green", __("Booked, and the subscription got it.")],
		Failed: ["red", __("M-PESA says that nothing was paid.")],
		"Needs Review": ["orange", __("A person has to decide.")],
		Duplicate: ["yellow", __("The same money is recorded as {0}; it counts once.", [doc.duplicate_of])],
		Reversed: ["red", __("Its Payment Entry was cancelled: it no longer counts.")],
		Closed: ["gray", __("{0}: {1}", [__(doc.closed_as), doc.closed_reason])],
	}[doc.status];
	const because = doc.status === "Closed" ? "" : doc.review_reason || (UNVERIFIED.includes(doc.status) ? doc.last_answer : "");
	const words = [text, because, next_step(doc)].filter(Boolean).join(" ");
	dashboard.set_headline(`<div>${frappe.utils.escape_html(words)}</div>`, color);
}

function next_step(doc) {
	if (!doc.next_ask) return "";
	if (doc.status === "Verified" && doc.review_reason)
		return __("It is tried again at {0}.", [frappe.datetime.str_to_user(doc.next_ask)]);
	if (!UNVERIFIED.includes(doc.status)) return "";
	return __("M-PESA is asked again at {0}.", [frappe.datetime.str_to_user(doc.next_ask)]);
}

function add_buttons(frm) {
	const { status, mpesa_settings } = frm.doc;
	if (UNVERIFIED.includes(status) && mpesa_settings)
		frm.add_custom_button(__("Ask M-PESA Again"), () => call(frm, "ask_now"));
	if (frm.doc.source === "STK Push" && frm.doc.verified && !frm.doc.receipt && is_booked_or_waits(status))
		frm.add_custom_button(__("Receipt"), () => write_receipt(frm));
	if (!MANAGERS.some((role) => frappe.user.has_role(role))) return;
	if (["Received", "Needs Review"].includes(status))
		frm.add_custom_button(__("Assign to Subscription"), () => assign(frm));
	if (["Requested", "Received", "Needs Review", "Failed"].includes(status) && !frm.doc.verified)
		frm.add_custom_button(__("Confirm by Hand"), () => confirm_by_hand(frm));
	if (status === "Needs Review")
		frm.add_custom_button(__("Close"), () => close_for_good(frm));
	if (status === "Closed")
		frm.add_custom_button(__("Open Again"), () =>
			frappe.prompt(
				[{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 }],
				(values) => call(frm, "reopen", values),
				__("Open Again")
			)
		);
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
			{
				fieldname: "paid_on",
				fieldtype: "Date",
				label: __("Paid On"),
				description: __("As the statement says; it is booked on this day"),
				default: (frm.doc.paid_on || frm.doc.creation).split(" ")[0],
				reqd: 1,
			},
			{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		],
		(values) => call(frm, "confirm", values),
		__("Confirm by Hand"),
		__("The Money Is There")
	);
}

function is_booked_or_waits(status) {
	return ["Verified", "Applied", "Needs Review"].includes(status);
}

function write_receipt(frm) {
	frappe.prompt(
		[
			{
				fieldname: "receipt",
				fieldtype: "Data",
				label: __("M-PESA Receipt"),
				description: __("As the M-PESA portal or the payer's SMS shows it"),
				reqd: 1,
			},
		],
		(values) => call(frm, "set_receipt", values),
		__("Receipt"),
		__("Write Down")
	);
}

function close_for_good(frm) {
	frappe.prompt(
		[
			{
				fieldname: "closed_as",
				fieldtype: "Select",
				label: __("What is it?"),
				options: frm.fields_dict.closed_as.df.options,
				reqd: 1,
			},
			{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		],
		(values) => call(frm, "close", values),
		__("Nothing Will Be Booked for It"),
		__("Close")
	);
}
