frappe.ui.form.on("Router Account", {
	refresh(frm) {
		const { doc } = frm;
		frm.disable_save();
		const in_sync = doc.generation === doc.applied_generation;
		const text = in_sync
			? __("The router was seen holding this: {0}", [__(doc.desired_state)])
			: __("Waiting for the router to become: {0}. {1}", [__(doc.desired_state), doc.last_error || ""]);
		frm.dashboard.clear_headline();
		frm.dashboard.set_headline(
			`<div>${frappe.utils.escape_html(text)}</div>`,
			in_sync ? "green" : "orange"
		);
	},
});
