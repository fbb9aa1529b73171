import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("The page at /")
struct PageTests {
    private static let browser = (
        "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
    )

    @Test("A browser gets the page, and curl the list of routes, by their Accept fields")
    func byAccept() async throws {
        try await LiveServer.with { server in
            let page = try await server.request("GET", "/", fields: [Self.browser])
            #expect(page.status == 200)
            #expect(page.fields["content-type"] == "text/html; charset=utf-8")
            #expect(page.text.hasPrefix("<!doctype html>") && !page.text.contains("data-keys"))
            #expect(page.fields["vary"] == "Accept, Origin")
            for fields in [[], [("Accept", "*/*")], [("Accept", "application/json")]] {
                let list = try await server.request("GET", "/", fields: fields)
                #expect(list.status == 200)
                #expect(list.fields["content-type"] == "text/plain; charset=utf-8")
                #expect(list.text.contains("POST /clip/embed_text\n"))
                #expect(list.fields["vary"] == "Accept, Origin")
                #expect(list.fields["etag"] == nil)
            }
        }
    }

    @Test(
        "A page is for whom wants text/html no less than text/plain",
        arguments: [
            (nil, false), ("", false), ("*/*", false), ("text/*", false), ("text/html", true),
            ("TEXT/HTML", true),
            ("text/plain, text/html", true), (" text/html ;q=0.5", true), ("text/html;q=0", false),
            ("text/html;q=0.0", false), ("text/html;level=1; q=0.3, text/plain;q=0.4", false),
            ("text/plain;q=0.3,text/html;q=0.3", true), ("text/html;q=high", false), ("text/html5", false),
            (",;,text/html;;q=1,", true), ("application/xhtml+xml", false),
        ]
    )
    func accept(field: String?, wantsPage: Bool) {
        #expect(AcceptField.wantsPage(field) == wantsPage)
    }

    @Test("Every file comes with its type, and with rules that let nothing else in")
    func files() async throws {
        try await LiveServer.with { server in
            for file in [PageFiles.index] + PageFiles.parts {
                let path = file.name == "index.html" ? "/" : "/page/\(file.name)"
                let answer = try await server.request("GET", path, fields: [Self.browser])
                #expect(answer.status == 200)
                #expect(answer.body == file.bytes && !file.bytes.isEmpty)
                #expect(answer.fields["content-type"] == file.contentType)
                #expect(
                    answer.fields["content-security-policy"]
                        == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                )
                #expect(answer.fields["x-content-type-options"] == "nosniff")
                #expect(answer.fields["referrer-policy"] == "no-referrer")
                #expect(answer.fields["cache-control"] == "no-cache")
                #expect(answer.fields["etag"] == "\"\(file.tag)\"")
                let head = try await server.request("HEAD", path, fields: [Self.browser])
                #expect(head.status == 200 && head.body.isEmpty)
                #expect(head.fields["content-length"] == "\(file.bytes.count)")
                #expect(head.fields["etag"] == answer.fields["etag"])
            }
        }
    }

    @Test("Who has a file already is told so, and sent nothing")
    func unchanged() async throws {
        try await LiveServer.with { server in
            let file = try #require(PageFiles.parts.first)
            let known = ["\"\(file.tag)\"", "W/\"\(file.tag)\"", "\"a\", \"\(file.tag)\"", "*"]
            for tag in known {
                // The next answer on the connection is read rightly only if no body came with the first.
                let (first, second) = try await server.connected { connection in
                    try connection.send("GET", "/page/\(file.name)", fields: [("If-None-Match", tag)])
                    let first = try connection.answer(toHead: true)
                    try connection.send("GET", "/page/\(file.name)")
                    return (first, try connection.answer())
                }
                #expect(first.status == 304, "\(tag)")
                #expect(first.fields["etag"] == "\"\(file.tag)\"")
                #expect(first.fields["content-security-policy"] != nil)
                #expect(second.status == 200 && second.body == file.bytes)
            }
            for tag in ["\"\(file.tag)x\"", "\"\"", file.tag, ","] {
                let answer = try await server.request(
                    "GET",
                    "/page/\(file.name)",
                    fields: [("If-None-Match", tag)]
                )
                #expect(answer.status == 200 && answer.body == file.bytes, "\(tag)")
            }
            // The list at / and answers of other routes have no tags, and are never left out.
            for path in ["/", "/info", "/healthz"] {
                let answer = try await server.request("GET", path, fields: [("If-None-Match", "*")])
                #expect(answer.status == 200 && !answer.body.isEmpty)
            }
        }
    }

    @Test(
        "Names that are no file's are not found",
        arguments: [
            "nothing.js", "", "/", "..", "../Package.swift", "..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/etc/passwd",
            "main.js%00.html", "MAIN.JS", "./main.js", "main%252ejs", "index.html", "{file}",
            "%F0%9F%98%80", "%ff%fe", String(repeating: "a", count: 4000),
        ]
    )
    func strangeNames(name: String) async throws {
        try await LiveServer.with { server in
            let answer = try await server.request("GET", "/page/\(name)", fields: [Self.browser])
            #expect(answer.status == 404)
            #expect(answer.text == #"{"detail":"Not Found"}"#)
            #expect(answer.fields["etag"] == nil)
        }
    }

    @Test("Files are only read, and the page needs no key where all else does")
    func access() async throws {
        try await LiveServer.with {
            $0.apiKeys = ["a-key-of-ours"]
        } _: { server in
            let page = try await server.request("GET", "/", fields: [Self.browser])
            let file = try await server.request("GET", "/page/main.js")
            let posted = try await server.request("POST", "/page/main.js", body: [])
            let state = try await server.request("GET", "/info")
            #expect(page.status == 200 && file.status == 200)
            // The page learns from itself that keys are asked for, and so need not be refused something first.
            #expect(page.body == PageFiles.indexWithKeys.bytes)
            #expect(page.text.matches(of: /<body data-keys\b/).count == 1)
            #expect(page.fields["etag"] == "\"\(PageFiles.indexWithKeys.tag)\"")
            #expect(PageFiles.indexWithKeys.tag != PageFiles.index.tag)
            #expect(posted.status == 405 && posted.fields["allow"] == "GET, HEAD")
            #expect(state.status == 401)
        }
    }

    @Test("The page names nothing that is not served, and is within its 60 KB")
    func whole() throws {
        let files = [PageFiles.index] + PageFiles.parts
        #expect(files.map(\.bytes.count).reduce(0, +) < 60_000)
        #expect(Set(files.map(\.tag)).count == files.count)
        let names = Set(files.map(\.name))
        for file in files where !file.contentType.hasPrefix("image/webp") {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for reference in text.matches(of: /(?:page\/|from "\.\/)([\w.-]+)"/) {
                #expect(names.contains(String(reference.1)), "\(reference.0) in \(file.name)")
            }
            // Scripts and styles of the page's own text would need leave from the policy, and have none.
            #expect(!text.contains(" style=\"") && !text.contains("<script>") && !text.contains("<style"))
            #expect(text.firstMatch(of: /\son\w+="/) == nil)
            #expect(!text.replacing("http://www.w3.org/2000/svg", with: "").contains("://"))
        }
    }

    @Test("Where there is an index, the page has its search, in 15 KB, and elsewhere nothing of it")
    func search() async throws {
        let parts = PageFiles.searchParts
        #expect(parts.map(\.bytes.count).reduce(0, +) < 15_000)
        let names = Set((PageFiles.parts + parts).map(\.name))
        for file in parts {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for reference in text.matches(of: /from "\.\/([\w.-]+)"/) {
                #expect(names.contains(String(reference.1)), "\(reference.0) in \(file.name)")
            }
            #expect(!text.contains("style=\"") && !text.contains("<script") && !text.contains("://"))
        }
        let folder = try PictureFolder()
        for keys in [[], ["a-key-of-ours"]] {
            try await LiveServer.with(
                configure: { $0.apiKeys = keys },
                pictures: { try await folder.search(by: $0) }
            ) { server in
                let page = try await server.request("GET", "/", fields: [Self.browser])
                #expect(page.body == PageFiles.index(asksForKeys: !keys.isEmpty, hasPictures: true).bytes)
                #expect(page.text.contains(#"<script type="module" src="page/search.js"></script>"#))
                for file in parts {
                    let answer = try await server.request("GET", "/page/\(file.name)")
                    #expect(answer.status == 200 && answer.body == file.bytes)
                    #expect(answer.fields["content-type"] == file.contentType)
                }
            }
        }
        for file in [PageFiles.index, PageFiles.indexWithKeys] + PageFiles.parts {
            #expect(!String(decoding: file.bytes, as: UTF8.self).contains("search."), "\(file.name)")
        }
        let words = String(decoding: parts[2].bytes, as: UTF8.self)
        let blocks = words.matches(of: /const \w+ = \{\n((?:  .*\n)+)\};/).map { block in
            block.1.matches(of: /(?m)^  (\w+):/).map { String($0.1) }
        }
        #expect(blocks.count == 2 && blocks[0] == blocks[1] && blocks[0].count > 15)
    }

    @Test("Both languages have the same words")
    func words() throws {
        let file = try #require(PageFiles.parts.first { $0.name == "words.js" })
        let text = String(decoding: file.bytes, as: UTF8.self)
        let blocks = text.matches(of: /const \w+ = \{\n((?:  .*\n)+)\};/).map { block in
            block.1.matches(of: /(?m)^  (\w+):/).map { String($0.1) }
        }
        #expect(blocks.count == 2 && blocks[0] == blocks[1] && blocks[0].count > 50)
        let page = String(decoding: PageFiles.index.bytes, as: UTF8.self)
        for used in page.matches(of: /data-(?:word|name)="(\w+)"/) {
            #expect(blocks[0].contains(String(used.1)), "\(used.1)")
        }
    }
}
