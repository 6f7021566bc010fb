frappe.ui.form.on("Internet Plan", {
	setup(frm) {
		frm.set_query("item", () => ({ filters: { is_stock_item: 0, disabled: 0 } }));
		frm.set_query("connection_type", () => ({
			filters: frm.doc.sold_as_voucher ? { service_name: "hotspot" } : {},
		}));
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
	sold_as_voucher: say_what_is_sold,
	validity_from: say_what_is_sold,
	use_within_days: say_what_is_sold,
	device_limit: say_what_is_sold,
});

function say_what_is_sold(frm) {
	const { doc } = frm;
	frm.dashboard.clear_headline();
	if (!doc.validity_days && !doc.validity_hours) return;
	const parts = doc.sold_as_voucher ? package_terms(doc) : subscription_terms(doc);
	frm.dashboard.set_headline(`<div>${frappe.utils.escape_html(parts.join(", "))}</div>`, "blue");
}

function package_terms(doc) {
	const begin = doc.validity_from === "Sale" ? __("from the sale") : __("from the first login");
	const parts = [
		__("A voucher for {0}: {1} {2}", [format_currency(doc.price || 0), validity(doc), begin]),
		doc.data_quota_mb && __("{0} MB", [format_number(doc.data_quota_mb, null, 0)]),
		doc.time_quota_minutes && __("{0} minutes online", [doc.time_quota_minutes]),
		doc.device_limit ? __("{0} devices", [doc.device_limit]) : __("any number of devices"),
		doc.use_within_days && __("to be used within {0} days", [doc.use_within_days]),
	];
	return parts.filter(Boolean);
}

function subscription_terms(doc) {
	return [
		__("{0} {1} for {2}", [
			format_currency(doc.price || 0),
			doc.billing === "Postpaid" ? __("after each period") : __("in advance"),
			validity(doc),
		]),
		...quotas(doc),
	];
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
