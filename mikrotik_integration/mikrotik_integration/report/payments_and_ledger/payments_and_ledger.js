frappe.query_reports["Payments and Ledger"] = {
	filters: [
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
	],
	tree: true,
	initial_depth: 1,
	formatter(value, row, column, data, default_formatter) {
		// a payment beneath its day has no sums of its own
		if (data?.indent && value == null) return "";
		const shown = default_formatter(value, row, column, data);
		if (column.fieldname !== "difference" || !data) return shown;
		return `<span class="text-${data.difference ? "danger" : "success"}">${shown}</span>`;
	},
};
