frappe.listview_settings["Subscription Payment"] = {
	add_fields: ["status", "currency"],
	hide_name_column: true,

	get_indicator(doc) {
		const color = {
			Requested: "blue",
			Received: "blue",
			Verified: "cyan",
			Applied: "green",
			Failed: "gray",
			"Needs Review": "orange",
			Duplicate: "yellow",
			Reversed: "red",
		}[doc.status];
		return [__(doc.status), color, `status,=,${doc.status}`];
	},
};
