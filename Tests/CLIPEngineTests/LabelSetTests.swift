import CLIPEngine
import CLIPTestSupport
import Foundation
import Testing

@Suite("Label sets")
struct LabelSetTests {
    @Test("What is wrong with labels and templates is told with its place")
    func faults() throws {
        #expect(throws: LabelFault.noLabels) { try LabelSet([]) }
        #expect(throws: LabelFault.noTemplates) { try LabelSet(names: ["cat"], templates: []) }
        #expect(throws: LabelFault.noPlace(template: 1)) { try PromptTemplate.list(["a {}", "a cat", "b"]) }
        for blank in ["", " \n\t", "\u{3000}"] {
            #expect(throws: LabelFault.blankLabel(index: 1)) { try LabelSet(names: ["cat", blank]) }
        }
        #expect(throws: LabelFault.repeatedLabel(index: 3, first: 1)) {
            try LabelSet(names: ["cat", "고양이", "dog", "고양이"])
        }
        // The same letters, composed or not, would be the same on a screen.
        #expect(throws: LabelFault.repeatedLabel(index: 1, first: 0)) {
            try LabelSet(names: ["고양이", "고양이".decomposed])
        }
        for other in ["cat ", " cat", "\tcat\n", "\u{3000}cat"] {
            #expect(throws: LabelFault.repeatedLabel(index: 2, first: 0)) {
                try LabelSet(names: ["cat", "Cat", other])
            }
        }
        #expect(try LabelSet(names: [" a  cat", "a cat", "A cat"]).labels[0].name == " a  cat")
        #expect(throws: LabelFault.noPrompts(label: 1)) {
            try LabelSet([LabelSet.Label("cat"), LabelSet.Label("dog", prompts: [])])
        }
        let names = (0...LabelSet.mostLabels).map { "label \($0)" }
        #expect(throws: LabelFault.tooManyLabels(count: 10_001, limit: 10_000)) { try LabelSet(names: names) }
        #expect(try LabelSet(names: names.dropLast()).promptCount == 10_000)
    }

    @Test("Every name stands in every template; prompts of its own stay as they are")
    func prompts() throws {
        let templates = try PromptTemplate.list(["a {}.", "{} or {}"])
        let set = try LabelSet(
            [LabelSet.Label("cat"), LabelSet.Label("dog", prompts: ["a {} hound", "a cat."])],
            templates: templates
        )
        #expect(set.prompts.texts == ["a cat.", "cat or cat", "a {} hound"])
        #expect(set.prompts.classes == [[0, 1], [0], [1]])
        #expect(set.promptCount == 4)
        #expect(set.promptByteCount == "a cat.cat or cata {} hounda cat.".utf8.count)
        #expect(try LabelSet(names: ["고양이"]).prompts.texts == ["고양이"])
    }

    @Test("What is put together is reckoned before it is made")
    func reckoned() throws {
        let template = try PromptTemplate("{}" + String(repeating: "a", count: 60_000))
        let set = try LabelSet(names: (0..<10_000).map { "label \($0)" }, templates: [template])
        // The digits of the numbers from 0 to 9,999 are 38,890.
        #expect(set.promptByteCount == 10_000 * 60_006 + 38_890)
    }

    @Test("A name, a prompt or a template with more bytes than are read is refused, with the name put in")
    func tooLarge() throws {
        let long = String(repeating: "a", count: 65_537)
        let (most, limit) = (String(long.dropLast()), 65_536)
        #expect(throws: LabelFault.promptTooLarge(label: 1, count: 65_537, limit: limit)) {
            try LabelSet(names: ["cat", long])
        }
        #expect(throws: LabelFault.promptTooLarge(label: 1, count: 65_537, limit: limit)) {
            try LabelSet([LabelSet.Label("cat"), LabelSet.Label("dog", prompts: ["a dog", long])])
        }
        #expect(throws: LabelFault.promptTooLarge(label: 0, count: 65_537, limit: limit)) {
            try LabelSet([LabelSet.Label(long, prompts: ["a dog"])])
        }
        #expect(try LabelSet(names: [most]).promptByteCount == limit)
        #expect(throws: LabelFault.templateTooLarge(template: 1, count: 65_539, limit: limit)) {
            try PromptTemplate.list(["a {}", long + "{}"])
        }
        #expect(throws: LabelFault.templateTooLarge(template: 0, count: 65_539, limit: limit)) {
            try PromptTemplate(long + "{}")
        }
        let template = try PromptTemplate(String(repeating: "{}", count: 30_000))
        #expect(throws: LabelFault.promptTooLarge(label: 1, count: 90_000, limit: limit)) {
            try LabelSet(names: ["ab", "cat"], templates: [template])
        }
        #expect(try LabelSet(names: ["ab", "c"], templates: [template]).promptByteCount == 90_000)
    }

    @Test("Sets with the same prompts have the same contents, others have others")
    func contents() throws {
        let key = ContentHash.Key(low: 1, high: 2)
        func contents(_ set: LabelSet, truncating: Bool = false) -> ContentHash {
            set.contents(truncating: truncating, key: key)
        }
        let templates = try PromptTemplate.list(["a {}"])
        let sets = [
            try LabelSet(names: ["ab", "c"]), try LabelSet(names: ["a", "bc"]),
            try LabelSet(names: ["c", "ab"]), try LabelSet(names: ["ab", "c"], templates: templates),
            try LabelSet([LabelSet.Label("ab", prompts: ["ab", "c"])]),
            try LabelSet([LabelSet.Label("ab", prompts: ["ab"]), LabelSet.Label("c", prompts: ["c"])]),
        ]
        for (index, set) in sets.enumerated() {
            #expect(contents(set) == contents(set))
            #expect(contents(set) != contents(set, truncating: true))
            for other in sets[..<index] { #expect(contents(set) != contents(other)) }
        }
        // A name is nothing to its direction where it has prompts of its own.
        #expect(
            try contents(LabelSet([LabelSet.Label("x", prompts: ["a"])]))
                == contents(LabelSet([LabelSet.Label("y", prompts: ["a"])]))
        )
    }

    @Test(
        "The best few of many are those that sorting all would give",
        arguments: [1, 2, 7, 100, 999, 1_000]
    )
    func best(count: Int) {
        var random = SeededRandom(seed: UInt64(count))
        for few in [1, 5, 40, 1_000] {
            // Many equal ones, and some that are no numbers.
            let values = (0..<count).map { _ in
                Float.random(in: 0..<1, using: &random) < 0.02
                    ? Float.nan : Float(Int.random(in: -20...20, using: &random))
            }
            let sorted = values.indices.sorted { one, other in
                let (a, b) = (values[one], values[other])
                if a.isNaN != b.isNaN { return b.isNaN }
                return a == b || a.isNaN ? one < other : a > b
            }
            #expect(LabelRanking.best(min(few, count), of: values) == Array(sorted.prefix(few)))
        }
    }
}

extension String {
    /// Its letters taken apart, as macOS writes names.
    fileprivate var decomposed: String { decomposedStringWithCanonicalMapping }
}
