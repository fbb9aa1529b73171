import CLIPServer
import Foundation
import Testing

@Suite("Numbers in queries and bodies")
struct FieldNumberTests {
    private struct Found: Equatable, Sendable {
        let top: Result<Int, FieldNumber.Refusal>
        let minScore: Result<Double, FieldNumber.Refusal>

        init(_ top: Result<Int, FieldNumber.Refusal>, _ minScore: Result<Double, FieldNumber.Refusal>) {
            (self.top, self.minScore) = (top, minScore)
        }
    }

    /// Spellings with what they are as `top`, from 1 to 1000, and as `min_score`.
    private static let spellings: [(text: String, found: Found)] = [
        ("5", Found(.success(5), .success(5))),
        ("1000", Found(.success(1000), .success(1000))),
        ("5.0", Found(.success(5), .success(5))),
        ("1e2", Found(.success(100), .success(100))),
        ("1E+2", Found(.success(100), .success(100))),
        ("20e-1", Found(.success(2), .success(2))),
        ("0.25", Found(.failure(.init(.notAnInteger)), .success(0.25))),
        ("-0.5", Found(.failure(.init(.notAnInteger)), .success(-0.5))),
        ("1e-05", Found(.failure(.init(.notAnInteger)), .success(0.00001))),
        ("0", Found(.failure(.init(.tooSmall(least: 1))), .success(0))),
        ("-0", Found(.failure(.init(.tooSmall(least: 1))), .success(0))),
        ("-3", Found(.failure(.init(.tooSmall(least: 1))), .success(-3))),
        ("1001", Found(.failure(.init(.tooLarge(most: 1000))), .success(1001))),
        ("1e30", Found(.failure(.init(.notAnInteger)), .success(1e30))),
        ("99999999999999999999", Found(.failure(.init(.notAnInteger)), .success(1e20))),
        ("1e400", Found(.failure(.init(.notAnInteger)), .failure(.init(.notFinite)))),
        ("-1e400", Found(.failure(.init(.notAnInteger)), .failure(.init(.notFinite)))),
    ]

    /// What Swift, Python or a shell may read, and JSON does not.
    private static let others = [
        "", " ", "five", "+5", "05", "-05", "00", ".5", "5.", "1.e2", "1e", "1e+", "-", "--5", "1_000",
        "1,000",
        "0x10", "0x1p-2", "0b1", "nan", "inf", "-inf", "NaN", "Infinity", "-Infinity", "null", "true", "[5]",
        "5 5", " 5", "5 ", "5\n", "5\u{0}", "\u{FEFF}5", "\u{665}", "５", "−5", "\"5\"", "5f", "5%",
    ]

    private func read(_ text: String) -> Found {
        let value = FieldNumber.value(text)
        return Found(FieldNumber.integer(value, least: 1, most: 1000), FieldNumber.finite(value))
    }

    @Test("A text is the number that it is in JSON")
    func spellings() {
        for (text, expected) in Self.spellings {
            let found = read(text)
            #expect(found == expected, "\(text): \(found)")
        }
    }

    @Test("What JSON does not write is no number")
    func others() {
        for text in Self.others {
            let found = read(text)
            #expect(
                found == Found(.failure(.init(.notAnInteger)), .failure(.init(.notANumber))),
                "\(text): \(found)"
            )
        }
        // As many digits as a JSON body may have, and one more.
        #expect(read(String(repeating: "9", count: 4300)).minScore == .failure(.init(.notFinite)))
        #expect(read(String(repeating: "9", count: 4301)).minScore == .failure(.init(.notANumber)))
    }

    @Test("A query takes and refuses the numbers that a body does")
    func bodies() throws {
        for text in Self.spellings.map(\.text) + Self.others {
            let escaped = text.utf8.map { String(format: "%%%02X", $0) }.joined()
            let query = ImageSearchFields("top=\(escaped)&min_score=\(escaped)")
            for (name, isTaken) in [("top", query.top != nil), ("min_score", query.minScore != nil)] {
                let isMistake = query.problems.entries.contains { $0.location == ["query", .name(name)] }
                #expect(isMistake != isTaken, "\(name)=\(text)")
                // A body's null stands for none, and white space is no part of its numbers.
                guard text != "null", text == text.trimmingCharacters(in: .whitespacesAndNewlines) else {
                    continue
                }
                #expect(isTakenInBody(name, text) == isTaken, "\(name)=\(text)")
            }
        }
    }

    private func isTakenInBody(_ name: String, _ text: String) -> Bool {
        let body = Array(#"{"text":"a","\#(name)":\#(text)}"#.utf8)
        do {
            var fields = try BodyFields.read(of: body, contentType: "application/json")
            _ = try ImageSearchBody(&fields, over: ImageSearchFields(nil))
            return true
        } catch {
            return false
        }
    }
}
