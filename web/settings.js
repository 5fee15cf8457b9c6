// What the page remembers in the browser. Private windows and full stores refuse; that
// is an answer here, never an exception.

const PREFIX = "ncpweb."; // localStorage is shared by all that one origin serves

/**
 * A remembered setting, or null.
 * @param {string} key
 * @returns {string | null}
 */
export function setting(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/**
 * Remembers a setting; null forgets it. Tells whether that worked.
 * @param {string} key
 * @param {string | null} value
 * @returns {boolean}
 */
export function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
    return true;
  } catch {
    return false;
  }
}
