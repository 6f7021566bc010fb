frappe.ui.form.on("Connection Type", {
	refresh(frm) {
		say_speed(frm);
		offer_pools(frm);
	},
	speed_limit_rx: say_speed,
	speed_limit_tx: say_speed,
	burst_limit_rx: say_speed,
	burst_limit_tx: say_speed,
});

function say_speed(frm) {
	const { doc } = frm;
	const speed = (limit, burst) => {
		if (!limit) return __("unlimited");
		return burst ? __("{0}, up to {1} in bursts", [limit, burst]) : limit;
	};
	frm.dashboard.clear_headline();
	const text = __("The customer downloads at {0} and uploads at {1}", [
		speed(doc.speed_limit_tx, doc.burst_limit_tx),
		speed(doc.speed_limit_rx, doc.burst_limit_rx),
	]);
	frm.dashboard.set_headline(`<div>${frappe.utils.escape_html(text)}</div>`, "blue");
}

async function offer_pools(frm) {
	const { address_pool } = frm.fields_dict;
	address_pool.df.ignore_validation = 1; // an address is good, too, and so is the pool of a router to come
	address_pool.set_data(await frappe.xcall("mikrotik_integration.api.routers.list_pools"));
}
