// A page of text: nothing but the choice of language.

import { startHeader } from "./screens/header/header.js";

startHeader((error) => console.error(error)).catch((error) => console.error(error));
