frappe.query_reports["Unused Vouchers"] = {
	filters: [
		{
			fieldname: "days_ahead",
			label: __("Ending within Days"),
			fieldtype: "Int",
			default: 30,
			reqd: 1,
		},
		{
			fieldname: "days_back",
			label: __("Ended since Days"),
			fieldtype: "Int",
			default: 90,
			reqd: 1,
		},
		{
			fieldname: "state",
			label: __("State"),
			fieldtype: "Select",
			options: ["", "Near Its Date", "Past Its Date", "Written Off", "For Sale", "No Last Day"],
		},
		{
			fieldname: "package",
			label: __("Package"),
			fieldtype: "Link",
			options: "Internet Plan",
			get_query: () => ({ filters: { sold_as_voucher: 1 } }),
		},
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
	],
	formatter(value, row, column, data, default_formatter) {
		const shown = default_formatter(value, row, column, data);
		if (column.fieldname !== "state" || !data) return shown;
		const color = {
			"Near Its Date": "blue",
			"Past Its Date": "orange",
			"Written Off": "gray",
			"For Sale": "yellow",
			"No Last Day": "light-blue",
		}[data.state];
		return `<span class="indicator-pill ${color}">${shown}</span>`;
	},
};
