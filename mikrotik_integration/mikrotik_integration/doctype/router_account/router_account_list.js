frappe.listview_settings["Router Account"] = {
	add_fields: ["desired_state", "generation", "applied_generation"],

	get_indicator(doc) {
		if (doc.generation !== doc.applied_generation)
			return [__("Pending"), "orange", "desired_state,=," + doc.desired_state];
		const color = { Enabled: "green", Disabled: "gray", Absent: "darkgrey" }[doc.desired_state];
		return [__(doc.desired_state), color, `desired_state,=,${doc.desired_state}`];
	},
};
