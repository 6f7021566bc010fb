frappe.listview_settings["Hotspot Purchase"] = {
	add_fields: ["status", "sms_status"],
	hide_name_column: false,

	get_indicator(doc) {
		const color = { Waiting: "orange", Paid: "green", Failed: "gray", "Refund Due": "red", Refunded: "blue" };
		return [__(doc.status), color[doc.status], `status,=,${doc.status}`];
	},
};
