// What HTML pages carry in themselves: one style for all, and the script of a run's timeline.
#ifndef HALFOPEN_CPAGE_H
#define HALFOPEN_CPAGE_H

const char *halfopen_page_style(void);
const char *halfopen_page_script(void);

#endif
