frappe.listview_settings["Internet Plan"] = {
	add_fields: ["enabled", "billing"],
	hide_name_column: true,

	get_indicator(doc) {
		return doc.enabled
			? [__("On Sale"), "green", "enabled,=,1"]
			: [__("No Longer Sold"), "gray", "enabled,=,0"];
	},
};
