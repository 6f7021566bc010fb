frappe.listview_settings["Hotspot Voucher"] = {
	add_fields: ["status", "is_online", "router_status", "sold_on"],
	hide_name_column: true,

	get_indicator(doc) {
		const filter = `status,=,${doc.status}`;
		if (["Pending", "Active"].includes(doc.status) && doc.router_status === "Error")
			return [__("{0}, the router refuses", [__(doc.status)]), "red", filter];
		if (doc.status === "Active" && doc.is_online) return [__("Online"), "green", filter];
		const color = {
			Available: "gray",
			Pending: "blue",
			Active: "green",
			Used: "darkgrey",
			Expired: "orange",
			Void: "red",
		}[doc.status];
		return [__(doc.status), color, filter];
	},
};
