frappe.listview_settings["Internet Plan"] = {
	add_fields: ["enabled", "billing", "sold_as_voucher"],
	hide_name_column: true,

	get_indicator(doc) {
		if (doc.enabled && doc.sold_as_voucher) return [__("Voucher"), "blue", "sold_as_voucher,=,1"];
		return doc.enabled
			? [__("On Sale"), "green", "enabled,=,1"]
			: [__("No Longer Sold"), "gray", "enabled,=,0"];
	},
};
