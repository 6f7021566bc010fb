frappe.query_reports["Internet Revenue"] = {
	filters: [
		{
			fieldname: "group_by",
			label: __("Group By"),
			fieldtype: "Select",
			options: ["Plan", "Router", "Day", "Month"],
			default: "Plan",
			reqd: 1,
		},
		{
			fieldname: "from_date",
			label: __("From Date"),
			fieldtype: "Date",
			default: frappe.datetime.month_start(),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("To Date"),
			fieldtype: "Date",
			default: frappe.datetime.get_today(),
			reqd: 1,
		},
		{ fieldname: "plan", label: __("Plan"), fieldtype: "Link", options: "Internet Plan" },
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
	],
};
