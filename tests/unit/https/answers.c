#include "answers.h"

#define OK200 "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK200 "Transfer-Encoding: chunked\r\n\r\n"

const struct web_page answers[] = {
    {"/plain", OK200 "Content-Length: 5\r\n\r\nhello", NULL, 0, 0, WEB_CLOSE},
    {"/empty", OK200 "Content-Length: 0\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/chunked", CHUNKED "5\r\nhello\r\n0\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/to-the-end", OK200 "\r\nhello", NULL, 0, 0, WEB_CLOSE},
    {"/identity", OK200 "Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", NULL, 0,
     0, WEB_CLOSE},
    {"/403", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", NULL, 0, 0, WEB_CLOSE},
    {"/410", "HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\nno", NULL, 0, 0, WEB_CLOSE},
    {"/500", "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", NULL, 0, 0, WEB_CLOSE},
    {"/401", "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n"
             "Set-Cookie: a=b\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/304", "HTTP/1.1 304 Same\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/relative", "HTTP/1.1 302 Go\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n", NULL, 0, 0,
     WEB_CLOSE},
    {"/absolute", "HTTP/1.1 307 Go\r\nLocation: http://other.example/a\r\n"
                  "Content-Length: 0\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    /* too much of it */
    {"/64k", OK200 "Content-Length: 65536\r\n\r\n", KIB, 64, 0, WEB_CLOSE},
    {"/65k", OK200 "Content-Length: 66560\r\n\r\n", KIB, 65, 0, WEB_CLOSE},
    {"/64k+1", OK200 "Content-Length: 65537\r\n\r\n!", KIB, 64, 0, WEB_CLOSE},
    {"/64k+1-to-the-end", OK200 "\r\n!", KIB, 64, 0, WEB_CLOSE},
    {"/endless", OK200 "\r\n", KIB, WEB_ENDLESS, 0, WEB_CLOSE},
    {"/chunked-endless", CHUNKED, "400\r\n" KIB "\r\n", WEB_ENDLESS, 0, WEB_CLOSE},
    {"/error-endless", "HTTP/1.1 404 No\r\n\r\n", KIB, WEB_ENDLESS, 0, WEB_CLOSE},
    {"/redirect-endless", "HTTP/1.1 302 Go\r\nLocation: /plain\r\n\r\n", KIB, WEB_ENDLESS, 0,
     WEB_CLOSE},
    {"/headers-endless", OK200, "X-Header: 0123456789\r\n", WEB_ENDLESS, 0, WEB_CLOSE},
    {"/header-endless", OK200 "X-Header: ", KIB, WEB_ENDLESS, 0, WEB_CLOSE},
    {"/headers-7k", OK200 "Content-Length: 5\r\n", "X-Header: 0123456789\r\n", 325, 0, WEB_HANG},
    {"/headers-9k", OK200 "X-Long: " KIB KIB KIB KIB KIB KIB KIB KIB KIB
                          "\r\nContent-Length: 0\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/interim-endless", "", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", WEB_ENDLESS, 0,
     WEB_CLOSE},
    {"/trailers-endless", CHUNKED "0\r\n", "X-Trailer: 0123456789\r\n", WEB_ENDLESS, 0,
     WEB_CLOSE},
    /* too little of it */
    {"/silent", "", NULL, 0, 0, WEB_HANG},
    {"/drip", OK200 "Content-Length: 60000\r\n\r\n", "x", WEB_ENDLESS, 20, WEB_CLOSE},
    {"/drip-headers", OK200, "X: y\r\n", WEB_ENDLESS, 20, WEB_CLOSE},
    {"/truncated", OK200 "Content-Length: 6\r\n\r\nhello", NULL, 0, 0, WEB_CLOSE},
    {"/truncated-chunk", CHUNKED "6\r\nhello", NULL, 0, 0, WEB_CLOSE},
    {"/no-last-chunk", CHUNKED "5\r\nhello\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/cut", OK200 "\r\nhello", NULL, 0, 0, WEB_CUT},
    {"/nothing", "", NULL, 0, 0, WEB_CLOSE},
    /* not what was asked for */
    {"/gzip", OK200 "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", NULL, 0, 0,
     WEB_CLOSE},
    {"/gzip-again", OK200 "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"
                          "Content-Length: 5\r\n\r\nhello", NULL, 0, 0, WEB_CLOSE},
    {"/br", OK200 "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", NULL, 0, 0,
     WEB_CLOSE},
    {"/te-gzip", OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NULL, 0, 0, WEB_CLOSE},
    {"/http-0.9", "hello", NULL, 0, 0, WEB_CLOSE},
    {"/bad-length", OK200 "Content-Length: -1\r\n\r\nhello", NULL, 0, 0, WEB_HANG},
};
const size_t n_answers = sizeof answers / sizeof *answers;
