frappe.listview_settings["Hotspot Voucher Batch"] = {
	add_fields: ["status", "sales_invoice", "origin"],
	hide_name_column: false,

	get_indicator(doc) {
		const filter = `status,=,${doc.status}`;
		if (doc.status === "Made" && doc.sales_invoice) return [__("Sold"), "blue", filter];
		const color = { Draft: "gray", Queued: "orange", Making: "orange", Made: "green", Failed: "red" }[doc.status];
		return [__(doc.status), color, filter];
	},

	onload(list) {
		if (frappe.model.can_create("Hotspot Voucher Batch"))
			list.page.add_inner_button(__("Import Codes"), () => new CodeImport(list));
	},
};

const IMPORT_API = "mikrotik_integration.api.voucher_batches.";
const FROM_FILE = "A file (CSV)";
const FROM_ROUTER = "The router's own hotspot users";
const SOLD = "Sold already, elsewhere";
const FOR_SALE = "Still to be sold";

class CodeImport {
	constructor(list) {
		this.list = list;
		this.dialog = new frappe.ui.Dialog({
			title: __("Import Codes"),
			size: "large",
			fields: this.fields(),
			primary_action_label: __("Look"),
			primary_action: () => this.look(),
		});
		this.dialog.fields_dict.file.$wrapper.html(
			`<label class="control-label">${__("File")}</label>
			<input type="file" accept=".csv,.txt,text/csv,text/plain" class="d-block mb-3">`
		);
		this.dialog.show();
	}

	fields() {
		const again = () => this.reset();
		return [
			{
				fieldname: "from",
				fieldtype: "Select",
				label: __("Codes Come From"),
				options: [FROM_FILE, FROM_ROUTER].map((value) => ({ value, label: __(value) })),
				default: FROM_FILE,
				reqd: 1,
				onchange: again,
			},
			{
				fieldname: "router",
				fieldtype: "Link",
				options: "MikroTik Settings",
				label: __("Router"),
				reqd: 1,
				get_query: () => ({ filters: { enabled: 1 } }),
				onchange: again,
			},
			{ fieldtype: "Column Break" },
			{
				fieldname: "package",
				fieldtype: "Link",
				options: "Internet Plan",
				label: __("Package"),
				description: __("Of codes that name none"),
				get_query: () => ({ filters: { sold_as_voucher: 1 } }),
				onchange: again,
			},
			{
				fieldname: "sale",
				fieldtype: "Select",
				label: __("The Codes Are"),
				options: [SOLD, FOR_SALE].map((value) => ({ value, label: __(value) })),
				default: SOLD,
				reqd: 1,
				description: __("Sold already: they work at once, and their money is not in these books"),
			},
			{ fieldtype: "Section Break" },
			{ fieldname: "file", fieldtype: "HTML", depends_on: `eval:doc.from === ${JSON.stringify(FROM_FILE)}` },
			{ fieldname: "findings", fieldtype: "HTML" },
		];
	}

	reset() {
		this.dialog.fields_dict.findings.$wrapper.empty();
		this.dialog.set_primary_action(__("Look"), () => this.look());
	}

	async source() {
		const { from, router, package: plan } = this.dialog.get_values();
		const source = { router, package: plan || "" };
		if (from === FROM_ROUTER) return source;
		const [file] = this.dialog.fields_dict.file.$wrapper.find("input")[0].files;
		if (!file) frappe.throw(__("Choose the file"));
		return { ...source, content: await as_base64(file), file_name: file.name };
	}

	async look() {
		if (!this.dialog.get_values()) return;
		const { file_name, ...source } = await this.source();
		this.dialog.disable_primary_action();
		try {
			this.show(await frappe.xcall(IMPORT_API + "preview_import", source));
		} finally {
			this.dialog.enable_primary_action();
		}
	}

	show({ good, bad, used, packages, problems }) {
		const safe = frappe.utils.escape_html;
		const counts = packages.map((one) => `${safe(one.package)}: ${one.count}`).join(", ");
		const lines = problems.map(
			(one) => `<tr><td>${one.line}</td><td>${safe(one.code)}</td><td>${safe(one.text)}</td></tr>`
		);
		const more = bad > problems.length ? `<p>${__("and {0} more", [bad - problems.length])}</p>` : "";
		const table = `<div style="max-height: 40vh; overflow: auto"><table class="table table-bordered table-sm">
			<thead><tr><th>${__("Line")}</th><th>${__("Code")}</th><th>${__("What Is Wrong")}</th></tr></thead>
			<tbody>${lines.join("")}</tbody></table></div>${more}`;
		this.dialog.fields_dict.findings.$wrapper.html(
			`<p class="import-counts"><b>${__("{0} codes can be taken in", [good])}</b>${counts ? ` (${counts})` : ""},
			${__("{0} of them used before", [used])}; ${__("{0} lines are left out", [bad])}.</p>${bad ? table : ""}`
		);
		if (good) this.dialog.set_primary_action(__("Import {0} Codes", [good]), () => this.start());
	}

	async start() {
		const source = await this.source();
		const sold_elsewhere = this.dialog.get_value("sale") === SOLD;
		this.dialog.disable_primary_action();
		frappe.realtime.on("hotspot_voucher_import", (news) => this.hear(news));
		await frappe.xcall(IMPORT_API + "start_import", { ...source, sold_elsewhere });
		this.dialog.hide();
		frappe.show_alert({ message: __("The codes are taken in in the background"), indicator: "blue" }, 7);
		setTimeout(() => this.list.refresh(), 5000);
	}

	hear(news) {
		if (news.state === "running") return;
		frappe.realtime.off("hotspot_voucher_import");
		const failed = news.state === "failed" || news.warning;
		frappe.show_alert(
			{
				message: frappe.utils.escape_html(
					news.because || news.warning || __("{0} codes were taken in", [news.imported])
				),
				indicator: failed ? "orange" : "green",
			},
			15
		);
		this.list.refresh();
	}
}

function as_base64(file) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.split(",", 2)[1] || "");
		reader.onerror = () => reject(reader.error);
		reader.readAsDataURL(file);
	});
}
