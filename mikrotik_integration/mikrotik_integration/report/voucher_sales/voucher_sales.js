frappe.query_reports["Voucher Sales"] = {
	filters: [
		{
			fieldname: "group_by",
			label: __("Group By"),
			fieldtype: "Select",
			options: ["Day", "Package", "Router", "Seller", "Way", "Mode of Payment"],
			default: "Day",
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
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
		{
			fieldname: "package",
			label: __("Package"),
			fieldtype: "Link",
			options: "Internet Plan",
			get_query: () => ({ filters: { sold_as_voucher: 1 } }),
		},
		{ fieldname: "seller", label: __("Seller"), fieldtype: "Link", options: "User" },
		{
			fieldname: "way",
			label: __("Sold Through"),
			fieldtype: "Select",
			options: ["", "Till", "Point of Sale", "Portal", "Batch", "Elsewhere"],
		},
	],
};
