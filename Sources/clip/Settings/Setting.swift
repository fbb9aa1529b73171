internal import CLIPFiles
internal import Foundation

/// A setting with its effective value, and what set it.
package struct Setting: Equatable, Sendable {
    /// The flag; nil for settings that only variables set.
    package let flag: String?
    /// The variables; the first one that is set counts.
    package let variables: [String]
    /// The effective value.
    package let value: SettingValue
    /// The flag or variable that set it, or another reason in words.
    package let origin: String

    /// The origin of a setting that neither a flag nor a variable has set.
    static let ofNobody = "default"

    /// What it is called in lists: the flag, or else the variable.
    package var name: String { flag ?? variables.first ?? "" }

    /// The setting as a JSON object.
    var json: String {
        let names = variables.map(JSONText.string).joined(separator: ",")
        return
            "{\"flag\":\(flag.map(JSONText.string) ?? "null"),\"variables\":[\(names)],\"value\":\(value.json),"
            + "\"from\":\(JSONText.string(origin))}"
    }
}

/// The value of a setting.
package enum SettingValue: Equatable, Sendable {
    case number(Int)
    case seconds(Double)
    case text(String)
    case list([String])
    case isOn(Bool)
    /// A key or token that is set, but never shown.
    case secret
    /// The setting is not set, and has no default.
    case none

    /// A time; nil if not set.
    init(_ time: Duration?) { self = time.map { .seconds($0 / .seconds(1)) } ?? .none }
    /// A number; nil if not set.
    init(_ number: Int?) { self = number.map(SettingValue.number) ?? .none }
    /// A text; nil if not set.
    init(_ text: String?) { self = text.map(SettingValue.text) ?? .none }
    /// A list; nil if not set.
    init(_ list: [String]?) { self = list.map(SettingValue.list) ?? .none }

    /// The value for a person.
    var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .seconds(let seconds): "\(Self.plain(seconds)) s"
        case .text(let text): text.printable
        case .list(let list): list.isEmpty ? "none" : list.map(\.printable).joined(separator: ",")
        case .isOn(let isOn): isOn ? "on" : "off"
        case .secret: "set, and not shown"
        case .none: "not set"
        }
    }

    /// The value in JSON; a secret is the word "set".
    var json: String {
        switch self {
        case .number(let number): "\(number)"
        case .seconds(let seconds): Self.plain(seconds)
        case .text(let text): JSONText.string(text)
        case .list(let list): "[" + list.map(JSONText.string).joined(separator: ",") + "]"
        case .isOn(let isOn): "\(isOn)"
        case .secret: "\"set\""
        case .none: "null"
        }
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
}
