frappe.query_reports["Data Usage"] = {
	filters: [
		{
			fieldname: "group_by",
			label: __("Group By"),
			fieldtype: "Select",
			options: ["Subscription", "Router", "Day"],
			default: "Subscription",
			reqd: 1,
		},
		{
			fieldname: "from_date",
			label: __("From Date"),
			fieldtype: "Date",
			default: frappe.datetime.add_days(frappe.datetime.get_today(), -29),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("To Date"),
			fieldtype: "Date",
			default: frappe.datetime.get_today(),
			reqd: 1,
		},
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
		{
			fieldname: "subscription",
			label: __("Subscription"),
			fieldtype: "Link",
			options: "Customer Subscription",
		},
		{ fieldname: "only_unknown", label: __("Only Bytes of No Account"), fieldtype: "Check" },
	],
	formatter(value, row, column, data, default_formatter) {
		const shown = default_formatter(value, row, column, data);
		if (column.fieldname !== "belongs" || !data || !data.belongs) return shown;
		return `<span class="text-warning">${shown}</span>`;
	},
};
