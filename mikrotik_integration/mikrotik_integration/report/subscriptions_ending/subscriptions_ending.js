frappe.query_reports["Subscriptions Ending"] = {
	filters: [
		{
			fieldname: "days_ahead",
			label: __("Ending within Days"),
			fieldtype: "Int",
			default: 7,
			reqd: 1,
		},
		{
			fieldname: "days_back",
			label: __("Ended since Days"),
			fieldtype: "Int",
			default: 30,
			reqd: 1,
		},
		{
			fieldname: "state",
			label: __("Ending"),
			fieldtype: "Select",
			options: ["", "Ending", "Ended", "Overdue"],
		},
		{ fieldname: "plan", label: __("Plan"), fieldtype: "Link", options: "Internet Plan" },
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
	],
	formatter(value, row, column, data, default_formatter) {
		const shown = default_formatter(value, row, column, data);
		if (column.fieldname !== "state" || !data) return shown;
		const color = { Ending: "blue", Ended: "orange", Overdue: "red" }[data.state];
		return `<span class="indicator-pill ${color}">${shown}</span>`;
	},
};
