frappe.listview_settings["Subscription Payment"] = {
	add_fields: ["status", "currency", "review_reason"],
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
			Closed: "gray",
		}[doc.status];
		if (doc.status === "Verified" && doc.review_reason)
			return [__("Not Booked Yet"), "orange", "status,=,Verified|review_reason,is,set"];
		return [__(doc.status), color, `status,=,${doc.status}`];
	},
};
