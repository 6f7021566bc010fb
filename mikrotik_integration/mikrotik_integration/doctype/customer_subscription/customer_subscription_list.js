frappe.listview_settings["Customer Subscription"] = {
	add_fields: ["status", "is_online", "router_status", "expiry_date", "quota_state"],
	hide_name_column: false,

	get_indicator(doc) {
		const filter = `status,=,${doc.status}`;
		if (doc.status === "Active" && doc.router_status !== "In Sync")
			return [__("Active, router waits"), "orange", filter];
		if (doc.status === "Active" && doc.quota_state === "Used Up")
			return [__("Active, quota used up"), "yellow", filter];
		const color = { Draft: "gray", Active: "green", Suspended: "orange", Expired: "red" }[doc.status];
		return [__(doc.status), color, filter];
	},

	formatters: {
		is_online(value) {
			return value
				? `<span class="indicator-pill green">${__("Online")}</span>`
				: `<span class="text-muted">${__("Offline")}</span>`;
		},
	},
};
