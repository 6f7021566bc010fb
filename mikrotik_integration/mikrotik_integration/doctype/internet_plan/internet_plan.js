frappe.ui.form.on("Internet Plan", {
	setup(frm) {
		frm.set_query("item", () => ({ filters: { is_stock_item: 0, disabled: 0 } }));
	},

	refresh: say_what_is_sold,
	price: say_what_is_sold,
	billing: say_what_is_sold,
	validity_days: say_what_is_sold,
	validity_hours: say_what_is_sold,
	data_quota_mb: say_what_is_sold,
	time_quota_minutes: say_what_is_sold,
	at_quota: say_what_is_sold,
	slow_connection_type: say_what_is_sold,
});

function say_what_is_sold(frm) {
	const { doc } = frm;
	frm.dashboard.clear_headline();
	if (!doc.validity_days && !doc.validity_hours) return;
	const parts = [
		__("{0} {1} for {2}", [
			format_currency(doc.price || 0),
			doc.billing === "Postpaid" ? __("after each period") : __("in advance"),
			validity(doc),
		]),
		...quotas(doc),
	];
	frm.dashboard.set_headline(`<div>${frappe.utils.escape_html(parts.join(", "))}</div>`, "blue");
}

function validity(doc) {
	const days = doc.validity_days ? __("{0} days", [doc.validity_days]) : "";
	const hours = doc.validity_hours ? __("{0} hours", [doc.validity_hours]) : "";
	return [days, hours].filter(Boolean).join(" ");
}

function quotas(doc) {
	const quota = [
		doc.data_quota_mb && __("{0} MB", [format_number(doc.data_quota_mb, null, 0)]),
		doc.time_quota_minutes && __("{0} minutes online", [doc.time_quota_minutes]),
	].filter(Boolean);
	if (!quota.length) return [__("without a quota")];
	const then =
		doc.at_quota === "Slow Down"
			? __("then slowed down to {0}", [doc.slow_connection_type || "?"])
			: __("then the service stops");
	return [...quota, then];
}
