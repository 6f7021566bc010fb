const VOUCHER_API = "mikrotik_integration.api.vouchers.";

frappe.ui.form.on("Hotspot Voucher", {
	refresh(frm) {
		frm.dashboard.clear_headline();
		if (frm.is_new()) return;
		frm.disable_save();
		show_state(frm);
		add_buttons(frm);
	},
});

// ---- the state at a glance

function show_state(frm) {
	const pills = [life(frm.doc), on_router(frm.doc), online(frm.doc), data_left(frm.doc), time_left(frm.doc)];
	const html = pills
		.filter(Boolean)
		.map(
			([color, text]) =>
				`<span class="indicator-pill ${color} mr-2 mb-1" style="white-space: normal; height: auto">` +
				`<span>${frappe.utils.escape_html(text)}</span></span>`
		)
		.join("");
	frm.dashboard.set_headline(`<div class="voucher-state">${html}</div>`, "blue");
}

function when(value) {
	return frappe.datetime.str_to_user(value).replace(/(\d\d:\d\d):\d\d/, "$1");
}

function is_usable(doc) {
	return ["Pending", "Active"].includes(doc.status);
}

function life(doc) {
	const because = doc.status_reason ? `: ${doc.status_reason}` : "";
	const color = { Available: "gray", Pending: "blue", Active: "green", Expired: "orange", Void: "red" }[doc.status];
	if (doc.status === "Available") return [color, __("For sale")];
	if (doc.status === "Pending") return [color, __("Sold, not used yet")];
	if (doc.status === "Active" && doc.expires_on) return [color, __("In use until {0}", [when(doc.expires_on)])];
	return [color || "gray", __(doc.status) + because];
}

function on_router(doc) {
	if (!is_usable(doc)) return null;
	if (doc.router_status === "Error") return ["red", __("The router refuses: {0}", [doc.router_error || ""])];
	return doc.router_status === "In Sync"
		? ["green", __("The router knows the code")]
		: ["orange", __("Waiting for the router")];
}

function online(doc) {
	if (doc.is_online) return ["green", __("Online")];
	return doc.last_seen ? ["gray", __("Last seen {0}", [when(doc.last_seen)])] : null;
}

function data_left(doc) {
	if (!is_usable(doc) || !doc.quota_bytes) return null;
	const mb = (bytes) => format_number(Math.max(bytes, 0) / 1e6, null, 0);
	return ["blue", __("{0} of {1} MB left", [mb(doc.quota_bytes - (doc.used_bytes || 0)), mb(doc.quota_bytes)])];
}

function time_left(doc) {
	if (!is_usable(doc) || !doc.quota_seconds) return null;
	const minutes = (seconds) => Math.ceil(Math.max(seconds, 0) / 60);
	const left = minutes(doc.quota_seconds - (doc.used_seconds || 0));
	return ["blue", __("{0} of {1} minutes online left", [left, minutes(doc.quota_seconds)])];
}

// ---- buttons

function add_buttons(frm) {
	const { doc } = frm;
	if (doc.sold_on) frm.add_custom_button(__("Code and QR"), () => show_code(frm));
	if (is_usable(doc) && open_devices(doc).length)
		frm.add_custom_button(__("Replace Device"), () => replace_device(frm));
	if (frm.perm[0]?.write && ["Available", "Pending"].includes(doc.status) && !doc.first_login)
		frm.add_custom_button(__("Void"), () => void_voucher(frm)).addClass("btn-danger");
}

async function show_code(frm) {
	const sale = await frappe.xcall(VOUCHER_API + "sold", { voucher: frm.docname });
	const safe = frappe.utils.escape_html;
	frappe.msgprint({
		title: safe(sale.package),
		message: `<div class="text-center voucher-code">
			<p style="font-size: 2.2rem; font-family: monospace; font-weight: 700">${safe(sale.code_shown)}</p>
			<img src="${safe(sale.code_qr)}" style="width: 220px; image-rendering: pixelated" alt="QR">
			<p>${safe(sale.english)}<br><i>${safe(sale.swahili)}</i></p>
			${sale.link === sale.code ? "" : `<p class="small text-muted">${safe(sale.link)}</p>`}</div>`,
	});
}

function void_voucher(frm) {
	frappe.prompt(
		{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		async ({ reason }) => {
			await frm.call("void", { reason });
			frm.reload_doc();
		},
		__("Void {0}: it gives nothing any more", [frm.doc.code]),
		__("Void")
	);
}

function open_devices(doc) {
	return (doc.devices || []).filter((device) => !device.replaced_on);
}

function replace_device(frm) {
	frappe.prompt(
		[
			{
				fieldname: "old",
				fieldtype: "Select",
				label: __("Device That Goes"),
				options: open_devices(frm.doc).map((device) => device.mac_address),
				reqd: 1,
			},
			{
				fieldname: "new_mac",
				fieldtype: "Data",
				label: __("MAC Address of the New Device"),
				description: __("In the phone: Settings, Wi-Fi, this network, Details. Private addresses change"),
				reqd: 1,
			},
		],
		async ({ old, new_mac }) => {
			await frappe.xcall(VOUCHER_API + "replace_device", { voucher: frm.docname, old, new: new_mac });
			frm.reload_doc();
		},
		__("Replace Device"),
		__("Replace")
	);
}
