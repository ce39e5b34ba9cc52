// Swift has no way to take in a file; a string literal of this length would be hard to read, and editors and browsers
// know these files as what they are.
#include "CPage.h"

// C23; every compiler that Swift 6.3 comes with knows it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char style[] = {
#embed "page.css"
    , 0
};

static const char script[] = {
#embed "timeline.js"
    , 0
};

const char *halfopen_page_style(void) { return style; }
const char *halfopen_page_script(void) { return script; }
