frappe.listview_settings["MikroTik Settings"] = {
	add_fields: ["enabled", "status", "pending_accounts", "last_seen", "stopped", "held_logins"],
	hide_name_column: false,

	get_indicator(doc) {
		if (!doc.enabled) return [__("Switched Off"), "gray", "enabled,=,0"];
		if (doc.stopped) return [__("Waits for a Decision"), "red", "stopped,!=,"];
		if (doc.held_logins) return [__("Waits for a Decision"), "red", "held_logins,>,0"];
		const minutes = frappe.datetime.get_minute_diff(frappe.datetime.now_datetime(), doc.last_seen);
		if (doc.status === "Online" && minutes >= 10) return [__("Not Checked"), "red", "status,=,Online"]; // as services/standstill.py
		if (doc.status === "Online" && doc.pending_accounts)
			return [__("Online, logins pending"), "yellow", "status,=,Online|pending_accounts,>,0"];
		const color = { Online: "green", Offline: "red", Unknown: "gray" }[doc.status];
		return [__(doc.status), color, `status,=,${doc.status}`];
	},
};
