frappe.query_reports["Router Health"] = {
	filters: [
		{ fieldname: "router", label: __("Router"), fieldtype: "Link", options: "MikroTik Settings" },
		{
			fieldname: "status",
			label: __("Status"),
			fieldtype: "Select",
			options: ["", "Online", "Offline", "Unknown"],
		},
		{
			fieldname: "days",
			label: __("Count Failures of the Last Days"),
			fieldtype: "Int",
			default: 7,
		},
	],
	formatter(value, row, column, data, default_formatter) {
		const shown = default_formatter(value, row, column, data);
		if (column.fieldname !== "status" || !data) return shown;
		const color = { Online: "green", Offline: "red" }[data.status] || "gray";
		return `<span class="indicator-pill ${color}">${shown}</span>`;
	},
};
