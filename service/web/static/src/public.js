// Leave quickly: the page goes blank at once, and "back" does not lead to it. Without this the link
// leads to the same page. Plain enough for the browsers of old phones.
(function () {
  var leave = document.querySelector("[data-leave]");
  if (!leave) return;
  leave.addEventListener("click", function (event) {
    event.preventDefault();
    document.documentElement.hidden = true;
    window.location.replace(leave.getAttribute("href"));
  });
})();
