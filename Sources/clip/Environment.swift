internal import CLIPFiles
internal import Foundation

/// Reads settings from environment variables and collects what is wrong with them, so that all problems are told at once.
package struct Environment {
    /// All variables as they are.
    let values: [String: String]
    /// One sentence for each value that could not be read.
    package var problems: [String] = []
    /// One sentence for each value that was passed over, since others than our users may have set it.
    package private(set) var notices: [String] = []

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
    package func string(_ names: String...) -> String? {
        first(of: names)?.value
    }

    /// A whole number.
    package mutating func integer(_ names: String...) -> Int? {
        for (name, value) in all(of: names) {
            if let number = Int(value) { return number }
            guard refuse(name, "'\(value.printable)' is not a whole number") else { continue }
            return nil
        }
        return nil
    }

    /// A host to listen at.
    ///
    /// - Parameter isUsable: whether it is an address of this machine; asked only of what was not named for us. Shells
    ///   set `HOST` to the machine's own name, and mean nothing by it.
    package mutating func host(_ names: String..., isUsable: (String) -> Bool) -> String? {
        for (name, value) in all(of: names) {
            if !Self.generic.contains(name) || isUsable(value) { return value }
            _ = refuse(name, "'\(value.printable)' is no address of this machine")
        }
        return nil
    }

    /// A port to listen at.
    package mutating func port(_ names: String...) -> Int? {
        for (name, value) in all(of: names) {
            if let number = Int(value), (0...65535).contains(number) { return number }
            guard refuse(name, "'\(value.printable)' is not a port from 0 to 65535") else { continue }
            return nil
        }
        return nil
    }

    /// Notes what is wrong with a value: a problem, or only a notice where others may have set it.
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

    /// A number of seconds up to a day, fractions allowed, from an option if it is given.
    package mutating func seconds(
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Duration? {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let number = Double(value), (0...86_400).contains(number) else {
            problems.append("\(name)='\(value.printable)' is not a number of seconds from 0 to 86400.")
            return nil
        }
        return .seconds(number)
    }

    /// A number of bytes, such as 512000000, 512MB (10^6) or 512MiB (2^20), from an option if it is given.
    package mutating func bytes(_ names: String..., given option: (name: String, value: String?)) -> Int? {
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
        return isTooMany ? .max : bytes
    }

    /// The parts of a list that commas separate, blanks around them left out, from an option if it is given.
    ///
    /// One with nothing in it is a problem: who names no key, or nobody who is refused, lets everybody in.
    package mutating func list(
        _ names: String...,
        given option: (name: String, value: String?)? = nil
    ) -> [String]? {
        guard
            let (name, value) = option.flatMap({ option in option.value.map { (option.name, $0) } })
                ?? first(of: names)
        else { return nil }
        let parts = value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
        if parts.isEmpty {
            problems.append("\(name) is a list with nothing in it; name something, or unset it.")
        }
        return parts
    }

    /// A switch: true, 1, yes, on, or their opposites, in any case.
    package mutating func bool(_ names: String...) -> Bool? {
        guard let (name, value) = first(of: names) else { return nil }
        switch value.lowercased() {
        case "true", "1", "yes", "on", "y", "t": return true
        case "false", "0", "no", "off", "n", "f": return false
        default:
            problems.append("\(name)='\(value.printable)' is neither true nor false.")
            return nil
        }
    }

    /// One of an enumeration's values, from an option if it is given.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type,
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Choice? where Choice.RawValue == String {
        guard let (name, value) = option.value.map({ (option.name, $0) }) ?? first(of: names) else {
            return nil
        }
        guard let choice = Choice(rawValue: value.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("\(name)='\(value.printable)' is not one of \(choices).")
            return nil
        }
        return choice
    }

    /// A level of the log, by our names, Python's, syslog's or the numbers of Python's.
    package mutating func logLevel<Level: RawRepresentable & CaseIterable>(
        of type: Level.Type,
        _ names: String...,
        given option: (name: String, value: String?)
    ) -> Level? where Level.RawValue == String {
        for (name, value) in option.value.map({ [(option.name, $0)] }) ?? all(of: names) {
            let word = value.lowercased()
            if let level = Level(rawValue: Self.otherLevels[word] ?? word) { return level }
            let levels = Level.allCases.map(\.rawValue).joined(separator: ", ")
            guard refuse(name, "'\(value.printable)' is not one of \(levels)") else { continue }
            return nil
        }
        return nil
    }

    /// What others call the levels of the log.
    private static let otherLevels = [
        "warn": "warning", "fatal": "critical", "crit": "critical", "emerg": "critical",
        "emergency": "critical",
        "alert": "critical", "panic": "critical", "err": "error", "information": "info", "verbose": "debug",
        "notset": "trace", "all": "trace", "0": "trace", "10": "debug", "20": "info", "30": "warning",
        "40": "error",
        "50": "critical", "off": "critical", "none": "critical",
    ]

    private func first(of names: [String]) -> (name: String, value: String)? { all(of: names).first }

    /// Those of the variables that are set, not empty, and meant for us.
    private func all(of names: [String]) -> [(name: String, value: String)] {
        names.compactMap { name in
            guard let value = values[name], !value.isEmpty, !Self.isServiceLink(value, under: name) else {
                return nil
            }
            return (name, value)
        }
    }

    /// Names of ours that Kubernetes also makes in every container of a namespace.
    ///
    /// A service `clip-health` makes `CLIP_HEALTH_PORT`. Its other variables, `CLIP_SERVICE_HOST` and
    /// `CLIP_PORT_9001_TCP_ADDR`, end as no name of ours does.
    private static let portNames = ["CLIP_PORT", "CLIP_HEALTH_PORT"]

    /// Whether Kubernetes or Docker made the value from a service that happens to have our name, `tcp://10.96.12.34:9001`:
    /// nobody writes a port so.
    private static func isServiceLink(_ value: String, under name: String) -> Bool {
        portNames.contains(name) && ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
    }
}
