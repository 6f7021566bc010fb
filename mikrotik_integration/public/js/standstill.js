// On every page of the desk: what stands still, in red, for those who run the Internet service.

$(document).on("app_ready", () => {
	const roles = ["ISP Administrator", "ISP Manager", "ISP Staff", "System Manager"];
	if (!roles.some((role) => frappe.user.has_role(role))) return;

	const show = (problems) => {
		document.getElementById("internet-standstill")?.remove();
		document.body.style.paddingBottom = "";
		if (!problems.length) return;
		const bar = document.createElement("div");
		bar.id = "internet-standstill";
		bar.className = "alert alert-danger mb-0";
		bar.setAttribute("role", "alert");
		// at the foot of the window: the head belongs to Frappe's own bars, which differ between 15 and 16
		bar.style.cssText = "border-radius: 0; position: fixed; bottom: 0; left: 0; right: 0; z-index: 1030";
		const title = bar.appendChild(document.createElement("b"));
		title.textContent = __("The Internet service stands still");
		for (const problem of problems) bar.appendChild(document.createElement("div")).textContent = problem;
		document.body.append(bar);
		document.body.style.paddingBottom = `${bar.offsetHeight}px`;
	};

	const look = () =>
		frappe
			.xcall("mikrotik_integration.api.routers.get_standstill")
			.then(show)
			.catch(() => {}); // the server is away: Frappe says so itself
	look();
	setInterval(look, 120000);
});
