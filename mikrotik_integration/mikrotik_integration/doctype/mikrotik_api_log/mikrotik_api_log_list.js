frappe.listview_settings["MikroTik API Log"] = {
	add_fields: ["status"],
	hide_name_column: true,

	get_indicator(doc) {
		return [__(doc.status), doc.status === "Failed" ? "red" : "green", `status,=,${doc.status}`];
	},
};
