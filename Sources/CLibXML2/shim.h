#pragma once

// Debian's headers would bring ICU's, whose types Foundation brings as well, in another version: no
// program could import both. Without it one structure that nothing here looks into lacks its end.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlwriter.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

// The function is a variable of the library's, which Swift takes for shared mutable state.
static inline void clibxml2_free(void *memory) { xmlFree(memory); }

// SAX handlers are variables of the parser's context: this one stops it at `<!DOCTYPE`, before any
// declaration is read. The parser's error is XML_ERR_USER_STOP then.
static inline void clibxml2_stop_at_doctype(void *context, const xmlChar *name, const xmlChar *external,
                                            const xmlChar *system) {
    (void)name;
    (void)external;
    (void)system;
    xmlStopParser((xmlParserCtxtPtr)context);
}

static inline void clibxml2_refuse_doctype(xmlParserCtxtPtr context) {
    context->sax->internalSubset = clibxml2_stop_at_doctype;
}
