frappe.ui.form.on("MikroTik Settings", {
	refresh(frm) {
		frm.dashboard.clear_headline();
		clearInterval(frm.state_timer);
		if (frm.is_new()) return;
		listen(frm);
		show_state(frm);
		frm.state_timer = setInterval(() => show_state(frm), 30000); // what was seen grows old while the form is open
		show_unmanaged(frm);
		add_buttons(frm);
		add_decisions(frm);
		offer_profiles(frm);
		if (frm.doc.portal_enabled && frm.perm[0]?.write) show_portal(frm);
	},

	use_tls(frm) {
		const other = frm.doc.use_tls ? [8728, 8729] : [8729, 8728];
		if (frm.doc.api_port === other[0]) frm.set_value("api_port", other[1]);
	},
});

function listen(frm) {
	const event = `router_${frm.docname}_update`;
	if (frm.heard === event) return;
	if (frm.heard) frappe.realtime.off(frm.heard);
	frm.heard = event;
	frappe.realtime.on(
		event,
		frappe.utils.debounce(() => !frm.is_dirty() && frm.reload_doc(), 300)
	);
}

// ---- the state at a glance

function show_state(frm) {
	const { doc } = frm;
	const pills = [life(doc)];
	if (doc.status === "Online" && !is_unchecked(doc)) {
		pills.push(["blue", __("{0} online", [doc.online_users || 0])]);
		pills.push(["gray", __("Up {0}", [duration(doc.uptime_seconds)])]);
		pills.push([doc.cpu_load > 80 ? "orange" : "gray", __("CPU {0} %", [Math.round(doc.cpu_load)])]);
	}
	if (doc.pending_accounts)
		pills.push(["orange", __("{0} logins not yet in sync", [doc.pending_accounts])]);
	const html = pills.map(
		([color, text]) =>
			`<span class="indicator-pill ${color} mr-2 mb-1" style="white-space: normal; height: auto">` +
			`<span>${frappe.utils.escape_html(text)}</span></span>`
	);
	const color = doc.stopped || doc.held_logins ? "red" : doc.warnings ? "yellow" : "blue";
	frm.dashboard.set_headline(`<div>${html.join("")}</div>${decision(doc)}${warnings(doc)}`, color);
}

function life(doc) {
	if (!doc.enabled) return ["gray", __("Switched off here: left alone")];
	if (doc.stopped) return ["red", __("Nothing is changed on it: {0}", [__(doc.stopped)])];
	if (is_unchecked(doc)) {
		const since = frappe.datetime.str_to_user(doc.last_seen);
		return ["red", __("Not checked since {0}: nobody is put online or cut off here. Do scheduler and workers run?", [since])];
	}
	if (doc.status === "Online")
		return ["green", __("Online, seen {0}", [frappe.datetime.comment_when(doc.last_seen).replace(/<[^>]*>/g, "")])];
	if (doc.status === "Offline") return ["red", doc.last_error || __("Offline")];
	return ["gray", __("Not seen yet. Test the connection")];
}

function decision(doc) {
	const text = doc.stopped ? doc.stopped_because : doc.held_logins ? doc.held_removals : "";
	return text ? `<p class="mb-0 mt-2">${frappe.utils.escape_html(text).replace(/\n/g, "<br>")}</p>` : "";
}

// as services/standstill.py
function is_unchecked(doc) {
	if (!doc.enabled || doc.status !== "Online") return false;
	return frappe.datetime.get_minute_diff(frappe.datetime.now_datetime(), doc.last_seen) >= 10;
}

function warnings(doc) {
	const lines = (doc.warnings || "").split("\n").filter(Boolean);
	if (!lines.length) return "";
	return `<ul class="mb-0 mt-2">${lines.map((line) => `<li>${frappe.utils.escape_html(line)}</li>`).join("")}</ul>`;
}

function duration(seconds) {
	const [days, hours, minutes] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
	if (days) return __("{0} days", [days]);
	return hours ? __("{0} hours", [hours]) : __("{0} minutes", [minutes]);
}

// ---- logins that somebody made on the router by hand

function show_unmanaged(frm) {
	const rows = JSON.parse(frm.doc.unmanaged_accounts || "[]");
	const { $wrapper } = frm.fields_dict.unmanaged_accounts_table;
	if (!rows.length) {
		$wrapper.html("");
		return;
	}
	const cell = (text) => `<td>${frappe.utils.escape_html(String(text ?? ""))}</td>`;
	const body = rows.map(
		(row) =>
			`<tr>${cell(row.menu)}${cell(row.name)}${cell(row.profile)}${cell(row.disabled ? __("Disabled") : "")}</tr>`
	);
	const head = [__("Where"), __("Username"), __("Profile"), ""].map((label) => `<th>${label}</th>`);
	$wrapper.html(
		`<label class="control-label">${__("Logins Made by Hand on the Router")} (${rows.length})</label>` +
			`<p class="text-muted small">${__("Left alone by this app: never changed, never removed.")}</p>` +
			`<div style="max-height: 300px; overflow: auto"><table class="table table-bordered table-sm">` +
			`<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
	);
}

// ---- buttons

function add_buttons(frm) {
	if (frm.perm[0]?.write) {
		frm.add_custom_button(__("Test Connection"), () => test_connection(frm)).addClass("btn-primary").removeClass("btn-default");
	}
	if (frm.doc.enabled) frm.add_custom_button(__("Check Now"), () => check_now(frm));
}

// ---- what only a person can know

const DECISIONS = {
	"Same Box": ["Yes, This Is the Replacement", "confirm_box", "manager"],
	"Other Box": ["Yes, This Is the Replacement", "confirm_box", "manager"],
	"Changed by Another Site": ["This Site Is Right: Go On", "this_site_is_right", "administrator"],
};
const WARNINGS = {
	confirm_box: "Everything that this document says is brought onto the box that answers now. Go on?",
	this_site_is_right:
		"What this site knows is enforced: who paid while another site did it is cut off, unless it is booked here. Is the other site switched off for good?",
	allow_removals: "These logins lose what is listed, at the next check. Go on?",
};

function add_decisions(frm) {
	const { doc } = frm;
	if (!doc.enabled || !frm.perm[0]?.write) return;
	const roles = {
		administrator: ["System Manager", "ISP Administrator"],
		manager: ["System Manager", "ISP Administrator", "ISP Manager"],
	};
	const add = (label, method, who) => {
		if (!roles[who].some((role) => frappe.user.has_role(role))) return;
		frm.add_custom_button(__(label), () => decide(frm, method)).addClass("btn-danger");
	};
	if (DECISIONS[doc.stopped]) add(...DECISIONS[doc.stopped]);
	else if (doc.held_logins) add("Do It", "allow_removals", "manager");
	if (doc.stopped || doc.held_logins)
		frm.add_custom_button(__("Switch This Router Off Here"), () => frm.set_value("enabled", 0).then(() => frm.save()));
}

function decide(frm, method) {
	frappe.confirm(__(WARNINGS[method]), async () => {
		await frm.call({ doc: frm.doc, method, freeze: true });
		frm.reload_doc();
	});
}

function offer_profiles(frm) {
	const offers = JSON.parse(frm.doc.offers || "{}");
	const { hotspot_profile } = frm.fields_dict;
	hotspot_profile.df.ignore_validation = 1;
	hotspot_profile.set_data(offers.hotspot_profiles || []);
}

// ---- the captive portal

async function show_portal(frm) {
	const group = __("Captive Portal");
	const { message: missing } = await frm.call({ doc: frm.doc, method: "missing_for_portal" });
	frm.set_df_property("portal_enabled", "description", portal_words(frm, missing));
	frm.add_custom_button(__("Open Page"), () => window.open(`/hotspot/${encodeURIComponent(frm.doc.portal_name)}`), group);
	frm.add_custom_button(__("Install Login Page"), () => install_login_page(frm), group);
	frm.add_custom_button(
		__("Download Login Page"),
		() => open_url_post("/api/method/mikrotik_integration.api.routers.download_login_page", { router: frm.docname }),
		group
	);
}

function portal_words(frm, missing) {
	if (!missing.length) return __("Everything is filled in. Install the login page after each change here");
	const lines = missing.map((line) => `<li>${frappe.utils.escape_html(line)}</li>`);
	return `${__("Still missing:")}<ul class="mb-0">${lines.join("")}</ul>`;
}

async function install_login_page(frm) {
	if (frm.is_dirty()) await frm.save();
	const { message } = await frm.call({
		doc: frm.doc,
		method: "install_login_page",
		freeze: true,
		freeze_message: __("Talking to the router…"),
	});
	show_findings(frm, message);
}

async function test_connection(frm) {
	if (frm.is_dirty()) await frm.save();
	const { message } = await frm.call({
		doc: frm.doc,
		method: "test_connection",
		freeze: true,
		freeze_message: __("Talking to the router…"),
	});
	show_findings(frm, message);
}

function show_findings(frm, findings) {
	const fine = findings.every((finding) => finding.ok);
	const lines = findings.map(
		({ ok, text }) =>
			`<li class="mb-2"><b class="text-${ok ? "success" : "danger"}">${ok ? "✓" : "✗"}</b> ` +
			`${frappe.utils.escape_html(text)}</li>`
	);
	frappe.msgprint({
		title: fine ? __("{0} is ready", [frm.docname]) : __("{0} needs attention", [frm.docname]),
		indicator: fine ? "green" : "red",
		message: `<ul class="list-unstyled mb-0">${lines.join("")}</ul>`,
	});
}

async function check_now(frm) {
	await frm.call({ doc: frm.doc, method: "check_now" });
	frappe.show_alert({ message: __("The router is being checked; this form follows"), indicator: "blue" });
}
