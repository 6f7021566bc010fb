// On every page of the desk: what stands still, in red, for those who run the Internet service.

$(document).on("app_ready", () => {
	const roles = ["ISP Administrator", "ISP Manager", "ISP Staff", "System Manager"];
	if (!roles.some((role) => frappe.user.has_role(role))) return;

	const show = (problems) => {
		document.getElementById("internet-standstill")?.remove();
		if (!problems.length) return;
		const bar = document.createElement("div");
		bar.id = "internet-standstill";
		bar.className = "alert alert-danger mb-0";
		bar.setAttribute("role", "alert");
		bar.style.cssText = "border-radius: 0; position: sticky; top: 0; z-index: 1030";
		const title = bar.appendChild(document.createElement("b"));
		title.textContent = __("The Internet service stands still");
		for (const problem of problems) bar.appendChild(document.createElement("div")).textContent = problem;
		document.body.prepend(bar);
	};

	const look = () =>
		frappe
			.xcall("mikrotik_integration.api.routers.get_standstill")
			.then(show)
			.catch(() => {}); // the server is away: Frappe says so itself
	look();
	setInterval(look, 120000);
});
