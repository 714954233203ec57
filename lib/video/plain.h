#ifndef VIDEOD_VIDEO_PLAIN_H
#define VIDEOD_VIDEO_PLAIN_H

/*
 * Plain text out of what shops paste into a title or a description: HTML, or plain lines. Tags go, and
 * headings, tables, scripts and styles with all that is in them; entities are decoded; white space is folded
 * to one blank, or to '\n' where a paragraph, a list item or (in a text without tags) a line ends; dots in a
 * row become an ellipsis. No control characters are left. Caller frees.
 */
char *plain_text(const char *html);

#endif
