frappe.ui.form.on("ISP Settings", {
	async refresh(frm) {
		frm.dashboard.clear_headline();
		const { message: away } = await frm.call({ doc: frm.doc, method: "is_away" });
		if (!away) return;
		const words = __(
			"This site is a copy of {0}, or it was moved. It changes nothing on routers until you say that it is the right one. If it is a copy, leave it so",
			[frm.doc.site_home]
		);
		frm.dashboard.set_headline(`<div>${frappe.utils.escape_html(words)}</div>`, "red");
		if (frm.perm[0]?.write) frm.add_custom_button(__("This Site Is the Right One"), () => decide(frm));
	},
});

function decide(frm) {
	frappe.confirm(
		__("Two sites must never enforce at the same time. Is the other one switched off for good?"),
		async () => {
			await frm.call({ doc: frm.doc, method: "this_site_is_right", freeze: true });
			frm.reload_doc();
		}
	);
}
