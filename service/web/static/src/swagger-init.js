// Show the API's description. The page names where it is; nothing is loaded from elsewhere.
const place = document.getElementById("swagger-ui");
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.url,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
