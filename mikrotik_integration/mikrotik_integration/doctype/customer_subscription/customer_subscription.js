const API = "mikrotik_integration.api.subscriptions.";
const PROGRESS = "/assets/mikrotik_integration/js/payment_progress.js";
const DAYS_SHOWN = 30;

frappe.ui.form.on("Customer Subscription", {
	setup(frm) {
		frm.set_query("internet_plan", () => ({ filters: { enabled: 1 } }));
		frm.set_query("mikrotik_settings", () => ({ filters: { enabled: 1 } }));
	},

	async refresh(frm) {
		frm.dashboard.clear_headline();
		if (frm.is_new()) return;
		listen(frm);
		show_state(frm);
		add_views(frm);
		if (frm.perm[0]?.write && !frm.doc.terminated_at) await add_actions(frm);
	},

	internet_plan(frm) {
		if (!frm.doc.internet_plan) return;
		frappe.db
			.get_value("Internet Plan", frm.doc.internet_plan, ["price", "connection_type"])
			.then(({ message }) => frm.set_value(message));
	},

	customer(frm) {
		if (!frm.doc.customer || frm.doc.phone_number || !frappe.model.can_read("Customer")) return;
		frappe.db
			.get_value("Customer", frm.doc.customer, "mobile_no")
			.then(({ message }) => message.mobile_no && frm.set_value("phone_number", message.mobile_no));
	},
});

// ---- what happens elsewhere shows at once

function listen(frm) {
	const event = `subscription_${frm.docname}_update`;
	if (frm.heard === event) return;
	if (frm.heard) frappe.realtime.off(frm.heard);
	frm.heard = event;
	frappe.realtime.on(
		event,
		frappe.utils.debounce((news) => news.name === frm.docname && take_news(frm, news), 300)
	);
}

function take_news(frm, news) {
	frm.payment_progress?.look();
	if (!frm.is_dirty()) {
		frm.reload_doc();
		return;
	}
	// somebody is typing: show what is new, leave what was typed
	for (const field of Object.keys(news).filter((key) => frm.fields_dict[key])) {
		frm.doc[field] = news[field];
		frm.refresh_field(field);
	}
	show_state(frm);
}

// ---- the state at a glance

async function show_state(frm) {
	const name = frm.docname;
	const pills = [life(frm.doc), on_router(frm.doc), online(frm.doc), quota(frm.doc)];
	draw(frm, pills);
	const { amount_due } = await frappe.xcall(API + "get", { subscription: name });
	if (frm.docname !== name) return;
	frm.amount_due = amount_due;
	draw(frm, [...pills, money(frm.doc, amount_due)]);
}

function draw(frm, pills) {
	const html = pills
		.filter(Boolean)
		.map(
			([color, text]) =>
				`<span class="indicator-pill ${color} mr-2 mb-1" style="white-space: normal; height: auto">` +
				`<span>${frappe.utils.escape_html(text)}</span></span>`
		)
		.join("");
	frm.dashboard.clear_headline();
	frm.dashboard.set_headline(`<div class="subscription-state">${html}</div>`, "blue");
}

function when(value) {
	return frappe.datetime.str_to_user(value).replace(/(\d\d:\d\d):\d\d/, "$1");
}

function from_now(value) {
	return frappe.datetime.convert_to_user_tz(value, false).fromNow();
}

function life(doc) {
	const because = doc.status_reason ? `: ${doc.status_reason}` : "";
	if (doc.status !== "Active") {
		const color = { Draft: "gray", Suspended: "orange", Expired: "red" }[doc.status];
		return [color, __(doc.status) + because];
	}
	const ended = doc.expiry_date <= frappe.datetime.now_datetime();
	return ended
		? ["orange", __("Active in the grace time; unpaid since {0}", [when(doc.expiry_date)])]
		: ["green", __("Active until {0} ({1})", [when(doc.expiry_date), from_now(doc.expiry_date)])];
}

function on_router(doc) {
	const says = doc.router_error ? `: ${doc.router_error}` : "";
	if (doc.router_status === "Error") return ["red", __("The router refuses") + says];
	if (doc.router_status === "In Sync") {
		if (doc.terminated_at) return ["gray", __("Off the router")];
		return doc.status === "Active" ? ["green", __("On the router")] : ["gray", __("Blocked on the router")];
	}
	if (!doc.expiry_date) return null;
	return doc.status === "Active"
		? ["orange", __("Waiting for the router") + says]
		: ["orange", __("Not yet blocked, waiting for the router") + says];
}

function online(doc) {
	if (doc.is_online)
		return ["green", doc.last_login ? __("Online since {0}", [when(doc.last_login)]) : __("Online now")];
	if (!doc.last_seen) return doc.expiry_date ? ["gray", __("Never seen online")] : null;
	return ["gray", __("Offline, last seen {0}", [from_now(doc.last_seen)])];
}

function quota(doc) {
	if (!doc.quota_state) return null;
	if (doc.quota_state === "Used Up") return ["orange", __("Quota used up")];
	if (!doc.data_quota_mb) return null;
	const gb = (mb) => format_number(mb / 1000, null, mb < 100 ? 2 : 1);
	return ["blue", __("{0} of {1} GB used", [gb(doc.data_used_mb), gb(doc.data_quota_mb)])];
}

function money(doc, amount_due) {
	if (!amount_due || doc.terminated_at) return null;
	return waits_for_money(doc)
		? ["orange", __("To pay: {0}", [format_currency(amount_due)])]
		: ["gray", __("Next period: {0}", [format_currency(amount_due)])];
}

// Whether a payment would put the customer online. One who is paused or held needs something else.
function waits_for_money(doc) {
	const stopped = doc.paused_at || doc.staff_hold || doc.customer_disabled || doc.terminated_at;
	return doc.status !== "Active" && !stopped;
}

// ---- buttons

function add_views(frm) {
	frm.add_custom_button(__("Usage by Day"), () => show_usage(frm), __("View"));
	if (frm.perm[0]?.write)
		frm.add_custom_button(__("Login and Password"), () => show_login(frm), __("View"));
}

async function add_actions(frm) {
	const { doc } = frm;
	const ask = frm.add_custom_button(__("Ask for M-PESA Payment"), () => ask_for_payment(frm));
	if (waits_for_money(doc)) ask.addClass("btn-primary").removeClass("btn-default");
	const group = __("Actions");
	const add = (label, action) => frm.add_custom_button(label, action, group);
	add(__("Make Invoice"), () => confirm_invoice(frm));
	if (doc.paused_at) add(__("Resume"), () => act(frm, "resume", __("Resume"), __("The paid time goes on from now.")));
	else if (doc.expiry_date)
		add(__("Pause"), () => act(frm, "pause", __("Pause"), __("The service stops, and the paid time is kept.")));
	if (doc.staff_hold) add(__("Lift Suspension"), () => act(frm, "lift_suspension", __("Lift Suspension"), ""));
	else if (doc.expiry_date)
		add(__("Suspend"), () =>
			act(frm, "suspend", __("Suspend"), __("The service stops, while the paid time runs on."), true)
		);
	add(__("Terminate"), () =>
		act(
			frm,
			"terminate",
			__("Terminate for Good"),
			__("The contract ends for good, and the login leaves the router. This cannot be undone."),
			true
		)
	);
	if (!doc.expiry_date && (await starts_without_payment(doc))) add(__("Activate"), () => call(frm, "activate"));
}

async function starts_without_payment(doc) {
	const { message } = await frappe.db.get_value("Internet Plan", doc.internet_plan, "billing");
	return message.billing === "Postpaid" || !doc.price;
}

function act(frm, method, label, explanation, reason_needed = false) {
	frappe.prompt(
		[
			{ fieldtype: "HTML", options: `<p>${explanation}</p>` },
			{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: reason_needed },
		],
		({ reason }) => call(frm, method, { reason: reason || "" }),
		`${label}: ${frm.doc.customer_name || frm.docname}`,
		label
	);
}

async function call(frm, method, args = {}) {
	await frappe.xcall(API + method, { subscription: frm.docname, ...args });
	frm.reload_doc();
}

// An invoice is in the books at once: say what it will be. One that is open already is shown instead of another.
async function confirm_invoice(frm) {
	const { doc } = frm;
	const { message: plan } = await frappe.db.get_value("Internet Plan", doc.internet_plan, [
		"validity_days",
		"validity_hours",
	]);
	const now = frappe.datetime.now_datetime();
	const begin = doc.expiry_date > now ? doc.expiry_date : now;
	const lasts = [
		plan.validity_days && __("{0} days", [plan.validity_days]),
		plan.validity_hours && __("{0} hours", [plan.validity_hours]),
	];
	const rows = [
		[__("Customer"), doc.customer_name || doc.customer],
		[__("Internet Plan"), doc.internet_plan],
		[__("Period"), __("{0} from {1}", [lasts.filter(Boolean).join(" "), when(begin)])],
		[__("Amount"), format_currency(doc.price)],
	].map(([label, text]) => `<tr><td>${label}</td><td><b>${frappe.utils.escape_html(text)}</b></td></tr>`);
	frappe.confirm(
		`<p>${__("The invoice is submitted at once. If one is open already, you get that one.")}</p>` +
			`<table class="table table-sm invoice-preview">${rows.join("")}</table>`,
		() => make_invoice(frm)
	);
}

async function make_invoice(frm) {
	const made = await frappe.xcall(API + "invoice", { subscription: frm.docname });
	const link = frappe.utils.get_form_link("Sales Invoice", made.sales_invoice, true);
	frappe.show_alert(
		{ message: __("{0}: {1} to pay", [link, format_currency(made.outstanding_amount)]), indicator: "green" },
		10
	);
	frm.reload_doc();
}

async function show_login(frm) {
	const password = await frappe.xcall(API + "get_password", { subscription: frm.docname });
	const escape = frappe.utils.escape_html;
	frappe.msgprint({
		title: __("Login and Password"),
		message:
			`<p>${__("Username")}: <code>${escape(frm.doc.username)}</code></p>` +
			`<p>${__("Password")}: <code>${escape(password || "")}</code></p>`,
	});
}

// ---- M-PESA

async function ask_for_payment(frm) {
	await frappe.require(PROGRESS);
	const { amount_due } = await frappe.xcall(API + "get", { subscription: frm.docname });
	const dialog = new frappe.ui.Dialog({
		title: __("Ask for M-PESA Payment"),
		fields: [
			{
				fieldname: "phone_number",
				fieldtype: "Data",
				label: __("M-PESA Phone"),
				default: frm.doc.phone_number,
				reqd: 1,
			},
			{
				fieldname: "amount",
				fieldtype: "Currency",
				label: __("Amount"),
				default: amount_due || frm.doc.price,
				reqd: 1,
				description: __("One period costs {0}", [format_currency(frm.doc.price)]),
			},
			{ fieldname: "progress", fieldtype: "HTML" },
		],
		primary_action_label: __("Send Prompt to the Phone"),
		primary_action: (values) => send_prompt(frm, dialog, values),
		on_hide: () => frm.payment_progress?.stop(),
	});
	dialog.show();
}

async function send_prompt(frm, dialog, { phone_number, amount }) {
	dialog.disable_primary_action();
	try {
		const payment = await frappe.xcall("mikrotik_integration.api.payments.request_payment", {
			subscription: frm.docname,
			phone_number,
			amount,
		});
		follow(frm, dialog, payment.payment);
	} catch {
		dialog.enable_primary_action(); // Frappe has said why
	}
}

function follow(frm, dialog, name) {
	dialog.set_df_property("phone_number", "read_only", 1);
	dialog.set_df_property("amount", "read_only", 1);
	dialog.get_primary_btn().addClass("hide");
	frm.payment_progress = window.mikrotik_integration.payment_progress.follow(
		name,
		(payment, words, decided) => {
			show_progress(dialog, payment, words);
			if (decided) frm.reload_doc();
		}
	);
}

function show_progress(dialog, payment, { color, text }) {
	const link = frappe.utils.get_form_link("Subscription Payment", payment.payment, true, __("Open the payment"));
	dialog.fields_dict.progress.$wrapper.html(
		`<div class="form-message ${color}" role="status">${frappe.utils.escape_html(text)}</div><p>${link}</p>`
	);
}

// ---- usage

async function show_usage(frm) {
	const days = await frappe.xcall("mikrotik_integration.api.usage.by_day", { subscription: frm.docname });
	const dialog = new frappe.ui.Dialog({
		title: __("Usage of the Last {0} Days", [DAYS_SHOWN]),
		size: "large",
		fields: [{ fieldname: "chart", fieldtype: "HTML" }],
	});
	dialog.show();
	const wrapper = dialog.fields_dict.chart.$wrapper;
	if (!days.length) {
		wrapper.html(`<p class="text-muted">${__("No usage was counted.")}</p>`);
		return;
	}
	// the chart measures its surroundings, so it waits until the dialog is there
	dialog.$wrapper.one("shown.bs.modal", () => draw_usage(wrapper, days));
	if (dialog.$wrapper.hasClass("show")) setTimeout(() => draw_usage(wrapper, days), 300);
}

function draw_usage(wrapper, days) {
	const gb = (bytes) => Math.round(bytes / 1e6) / 1e3;
	const sum = (field) => gb(days.reduce((total, day) => total + day[field], 0));
	wrapper.html(
		`<p>${__("Upload {0} GB, download {1} GB", [sum("upload_bytes"), sum("download_bytes")])}</p><div></div>`
	);
	new frappe.Chart(wrapper.find("div")[0], {
		type: "bar",
		height: 260,
		colors: ["#FFA00A", "#449CF0"],
		barOptions: { stacked: 1 },
		axisOptions: { xIsSeries: 1, shortenYAxisNumbers: 1 },
		tooltipOptions: { formatTooltipY: (value) => `${value} GB` },
		data: {
			labels: days.map((day) => frappe.datetime.str_to_user(day.date)),
			datasets: [
				{ name: __("Upload (GB)"), values: days.map((day) => gb(day.upload_bytes)) },
				{ name: __("Download (GB)"), values: days.map((day) => gb(day.download_bytes)) },
			],
		},
	});
}
