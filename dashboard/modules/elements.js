/** Making and changing elements. Text is always set as text, so nothing a user named can become markup. */

/** Makes an element with attributes (null and false are left out) and children (elements or text). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Sets the text where it differs, so that selections and screen readers are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Finds the element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Replaces the children where their content differs. */
export function setChildren(parent, children) {
  const fresh = element("div", {}, ...children);
  if (fresh.innerHTML !== parent.innerHTML) {
    parent.replaceChildren(...fresh.childNodes);
  }
}
