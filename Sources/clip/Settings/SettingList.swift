internal import CLIPFiles

/// All settings of a server, as `clip serve --print-config` shows them.
package struct SettingList {
    private let settings: [Setting]
    private let notices: [String]

    /// - Parameters:
    ///   - settings: in any order.
    ///   - notices: what the log of a server would warn of.
    package init(_ settings: [Setting], notices: [String]) {
        self.settings = settings.sorted { $0.name < $1.name }
        self.notices = notices
    }

    /// One row a setting: flag or variable, value, and what set it.
    package var text: String {
        let rows = settings.map { [$0.name, $0.value.text, $0.origin] }
        return Columns.aligned([["setting", "value", "from"]] + rows).joined(separator: "\n")
    }

    /// One JSON object.
    package var json: String {
        "{\"settings\":[" + settings.map(\.json).joined(separator: ",") + "],\"notices\":["
            + notices.map(JSONText.string).joined(separator: ",") + "]}"
    }
}
