// Frappe shows text fields as HTML. What our documents and M-PESA's callbacks hold is text: show it as it is.
(() => {
	const OF_MPESA = ["Mpesa C2B Payment Register", "Mpesa Express Request"];
	const TEXT = ["Data", "Read Only", "Small Text", "Text", "Long Text"];

	function as_text(value) {
		return frappe.utils.escape_html(value == null ? "" : String(value)).replace(/\n/g, "<br>");
	}

	for (const { name, module } of Object.values(locals.DocType)) {
		if (module !== "MikroTik Integration" && !OF_MPESA.includes(name)) continue;
		for (const field of Object.values(frappe.meta.docfield_map[name] || {}))
			if (TEXT.includes(field.fieldtype)) field.formatter = as_text;
	}
})();
