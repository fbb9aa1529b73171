internal import CLIPFiles
internal import Foundation

/// Reads settings from environment variables and collects their problems, so that all problems are reported at once.
package struct Environment {
    /// All variables, unchanged.
    let values: [String: String]
    /// One sentence for each value that could not be read.
    package var problems: [String] = []
    /// What the program ends with because of those problems that have a status of their own.
    var statuses: [String: CommandStatus] = [:]
    /// One sentence for each value that was passed over, since others than our users may have set it.
    package private(set) var notices: [String] = []
    /// The settings that were read, with their effective values and where these come from.
    package private(set) var settings: [Setting] = []

    /// A value, and the flag or variable that sets it.
    struct Told<Value> {
        let name: String
        let value: Value
    }

    /// Notes the effective value of a setting.
    ///
    /// - Parameter name: the flag or variable that set it; nil if none did.
    mutating func note(_ flag: String?, _ variables: [String], _ value: SettingValue, by name: String?) {
        let setting = Setting(
            flag: flag,
            variables: variables,
            value: value,
            origin: name ?? Setting.ofNobody
        )
        guard let index = settings.firstIndex(where: { $0.name == setting.name }) else {
            return settings.append(setting)
        }
        settings[index] = setting
    }

    /// Has a setting's value shown as another one.
    mutating func show(_ name: String, as value: SettingValue) {
        guard let index = settings.firstIndex(where: { $0.name == name }) else { return }
        let setting = settings[index]
        settings[index] = Setting(
            flag: setting.flag,
            variables: setting.variables,
            value: value,
            origin: setting.origin
        )
    }

    /// Says how the program came to the value of a setting that nobody has set.
    ///
    /// - Parameters:
    ///   - name: what the setting is called, a flag as a rule.
    ///   - value: what is in force, where the setting itself is none.
    ///   - reason: what the value follows from, in a few words.
    mutating func explain(_ name: String, _ value: SettingValue? = nil, by reason: String) {
        guard
            let index = settings.firstIndex(where: { $0.name == name && $0.origin == Setting.ofNobody })
        else { return }
        let setting = settings[index]
        settings[index] = Setting(
            flag: setting.flag,
            variables: setting.variables,
            value: value ?? setting.value,
            origin: reason
        )
    }

    /// Names that others set for purposes of their own: conda, shells, container platforms, loggers.
    private static let generic: Set<String> = ["HOST", "PORT", "LOG_LEVEL"]

    /// Reads from the given variables, by default the process's own.
    package init(_ values: [String: String] = ProcessInfo.processInfo.environment) {
        self.values = values
        for name in Self.portNames {
            guard let value = values[name], Self.isServiceLink(value, under: name) else { continue }
            notices.append(
                "\(name)='\(value.printable)' is what Kubernetes or Docker makes of a service with our name, and is "
                    + "passed over; name the service otherwise, or set enableServiceLinks to false, to set \(name)."
            )
        }
    }

    /// The first of the named variables that is set and not empty.
    package func string(_ names: String...) -> String? { first(of: names)?.value }

    /// A whole number.
    package mutating func integer(_ names: String...) -> Int? { integer(of: names)?.value }

    /// A whole number, and the variable that has it.
    mutating func integer(of names: [String]) -> Told<Int>? {
        for (name, value) in all(of: names) {
            if let number = Int(value) { return Told(name: name, value: number) }
            guard refuse(name, "'\(value.printable)' is not a whole number") else { continue }
            return nil
        }
        return nil
    }

    /// A host to listen on.
    ///
    /// - Parameter isUsable: whether it is an address of this machine; only asked for variables that other programs
    ///   set, too. Shells set `HOST` to the machine's own name without meaning a server.
    package mutating func host(_ names: String..., isUsable: (String) -> Bool) -> String? {
        host(of: names, isUsable: isUsable)?.value
    }

    /// A host to listen on, and the variable that has it.
    mutating func host(of names: [String], isUsable: (String) -> Bool) -> Told<String>? {
        for (name, value) in all(of: names) {
            if !Self.generic.contains(name) || isUsable(value) { return Told(name: name, value: value) }
            _ = refuse(name, "'\(value.printable)' is no address of this machine")
        }
        return nil
    }

    /// A port to listen on.
    package mutating func port(_ names: String...) -> Int? { port(of: names)?.value }

    /// A port to listen on, and the variable that has it.
    mutating func port(of names: [String]) -> Told<Int>? {
        for (name, value) in all(of: names) {
            if let number = Int(value), (0...65535).contains(number) {
                return Told(name: name, value: number)
            }
            guard refuse(name, "'\(value.printable)' is not a port from 0 to 65535") else { continue }
            return nil
        }
        return nil
    }

    /// Notes a wrong value: as a problem, or only as a notice if another program may have set it.
    ///
    /// - Returns: whether it is a problem.
    private mutating func refuse(_ name: String, _ what: String) -> Bool {
        guard Self.generic.contains(name) else {
            problems.append("\(name)=\(what).")
            return true
        }
        notices.append("\(name)=\(what), and is passed over; CLIP_\(name) is the name that is ours alone.")
        return false
    }

    /// A number of seconds, at most a day, fractions allowed; the option wins if it is given.
    package mutating func seconds(
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Duration? { seconds(of: names, given: option)?.value }

    /// A number of seconds, and the flag or variable that has it.
    mutating func seconds(of names: [String], given option: (name: String, value: String?)) -> Told<Duration>?
    {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let number = Double(value), (0...86_400).contains(number) else {
            problems.append("\(name)='\(value.printable)' is not a number of seconds from 0 to 86400.")
            return nil
        }
        return Told(name: name, value: .seconds(number))
    }

    /// A number of bytes, such as 512000000, 512MB (10^6) or 512MiB (2^20); the option wins if it is given.
    package mutating func bytes(_ names: String..., given option: (name: String, value: String?)) -> Int? {
        bytes(of: names, given: option)?.value
    }

    /// A number of bytes, and the flag or variable that has it.
    mutating func bytes(of names: [String], given option: (name: String, value: String?)) -> Told<Int>? {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        let digits = value.prefix { $0.isASCII && $0.isNumber }
        let units = [
            "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000, "g": 1_000_000_000,
            "gb": 1_000_000_000, "ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30,
            "gib": 1 << 30,
        ]
        guard let number = Int(digits), let unit = units[value.dropFirst(digits.count).lowercased()] else {
            problems.append("\(name)='\(value.printable)' is not a number of bytes such as 512MB or 2GiB.")
            return nil
        }
        let (bytes, isTooMany) = number.multipliedReportingOverflow(by: unit)
        return Told(name: name, value: isTooMany ? .max : bytes)
    }

    /// A list separated by commas, without the blanks around its parts; the option wins if it is given.
    ///
    /// An empty list is a problem, because an empty list of keys, or of denied hosts, would let everybody in.
    package mutating func list(
        _ names: String...,
        given option: (name: String, value: String?)? = nil
    ) -> [String]? { list(of: names, given: option)?.value }

    /// The parts of a list, and the flag or variable that has it.
    mutating func list(of names: [String], given option: (name: String, value: String?)?) -> Told<[String]>? {
        guard
            let (name, value) = option.flatMap({ option in option.value.map { (option.name, $0) } })
                ?? first(of: names)
        else { return nil }
        let parts = value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
        if parts.isEmpty {
            problems.append("\(name) is a list with nothing in it; name something, or unset it.")
        }
        return Told(name: name, value: parts)
    }

    /// A switch: true, 1, yes, on, or their opposites, in any case.
    package mutating func bool(_ names: String...) -> Bool? { bool(of: names)?.value }

    /// A switch, and the variable that has it.
    mutating func bool(of names: [String]) -> Told<Bool>? {
        guard let (name, value) = first(of: names) else { return nil }
        switch value.lowercased() {
        case "true", "1", "yes", "on", "y", "t": return Told(name: name, value: true)
        case "false", "0", "no", "off", "n", "f": return Told(name: name, value: false)
        default:
            problems.append("\(name)='\(value.printable)' is neither true nor false.")
            return nil
        }
    }

    /// One of an enumeration's values; the option wins if it is given.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type,
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Choice? where Choice.RawValue == String { choice(of: type, names, given: option)?.value }

    /// One of an enumeration's values, and the flag or variable that has it.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type,
        _ names: [String],
        given option: (name: String, value: String?)
    ) -> Told<Choice>? where Choice.RawValue == String {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let choice = Choice(rawValue: value.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("\(name)='\(value.printable)' is not one of \(choices).")
            return nil
        }
        return Told(name: name, value: choice)
    }

    /// A log level, by its name here, in Python or in syslog, or by Python's number.
    package mutating func logLevel<Level: RawRepresentable & CaseIterable>(
        of type: Level.Type,
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Level? where Level.RawValue == String { logLevel(of: type, names, given: option)?.value }

    /// A log level, and the flag or variable that has it.
    mutating func logLevel<Level: RawRepresentable & CaseIterable>(
        of type: Level.Type,
        _ names: [String],
        given option: (name: String, value: String?)
    ) -> Told<Level>? where Level.RawValue == String {
        for (name, value) in option.value.map({ [(option.name, $0)] }) ?? all(of: names) {
            let word = value.lowercased()
            if let level = Level(rawValue: Self.otherLevels[word] ?? word) {
                return Told(name: name, value: level)
            }
            let levels = Level.allCases.map(\.rawValue).joined(separator: ", ")
            guard refuse(name, "'\(value.printable)' is not one of \(levels)") else { continue }
            return nil
        }
        return nil
    }

    /// Names that other systems have for log levels.
    private static let otherLevels = [
        "warn": "warning", "fatal": "critical", "crit": "critical", "emerg": "critical",
        "emergency": "critical",
        "alert": "critical", "panic": "critical", "err": "error", "information": "info", "verbose": "debug",
        "notset": "trace", "all": "trace", "0": "trace", "10": "debug", "20": "info", "30": "warning",
        "40": "error",
        "50": "critical", "off": "critical", "none": "critical",
    ]

    /// The first of the variables that is set, not empty, and meant for this program.
    func first(of names: [String]) -> (name: String, value: String)? { all(of: names).first }

    /// The variables that are set, not empty, and meant for this program.
    private func all(of names: [String]) -> [(name: String, value: String)] {
        names.compactMap { name in
            guard let value = values[name], !value.isEmpty, !Self.isServiceLink(value, under: name) else {
                return nil
            }
            return (name, value)
        }
    }

    /// Variables of this program whose names Kubernetes also sets in every container of a namespace.
    ///
    /// A service `clip-health` sets `CLIP_HEALTH_PORT`. Its other variables, such as `CLIP_SERVICE_HOST` and
    /// `CLIP_PORT_9001_TCP_ADDR`, have endings that no variable of this program has.
    private static let portNames = ["CLIP_PORT", "CLIP_HEALTH_PORT", "CLIP_METRICS_PORT"]

    /// Whether Kubernetes or Docker set the value for a service whose name happens to match, such as
    /// `tcp://10.96.12.34:9001`; nobody writes a port like that.
    private static func isServiceLink(_ value: String, under name: String) -> Bool {
        portNames.contains(name) && ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
    }
}
