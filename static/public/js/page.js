// A page of text: nothing but the choice of language.

import { startLanguage } from "./i18n.js";

startLanguage(document.getElementById("language"));
