"""Small XTCE documents with commands, for tests."""

from aelita.mdb import CompiledCommands, Database, compile_commands
from xtce_text import document, legal, read

SHARED = """<ParameterTypeSet><IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/>
</IntegerParameterType><FloatParameterType name="f"><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
<BooleanParameterType name="bool"><IntegerDataEncoding sizeInBits="1"/></BooleanParameterType></ParameterTypeSet>
<ParameterSet><Parameter name="p" parameterTypeRef="u8"/><Parameter name="mode" parameterTypeRef="u8"/>
<Parameter name="volts" parameterTypeRef="f"/></ParameterSet>"""
BYTE = '<IntegerArgumentType name="a8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerArgumentType>'
PACKET = '<SequenceContainer name="C"><EntryList/></SequenceContainer>'


def commands_document(types: str = "", commands: str = "", containers: str = "", version: str = "1.2") -> str:
    """Return a document whose command side has these argument types, commands and shared containers of commands."""
    parts = {"ArgumentTypeSet": BYTE + types, "MetaCommandSet": commands, "CommandContainerSet": containers}
    inner = "\n".join(f"<{part}>\n{text}\n</{part}>" for part, text in parts.items() if text)
    return document(containers=PACKET, more=f"<CommandMetaData>{SHARED}{inner}</CommandMetaData>", version=version)


def command(
    entries: str = "", arguments: str = "", *, name: str = "K", attributes: str = "", base: str = "", more: str = ""
) -> str:
    """Return a MetaCommand with a container of these entries."""
    listed = f"<ArgumentList>{arguments}</ArgumentList>" if arguments else ""
    return f"""<MetaCommand name="{name}"{attributes}>{base}{listed}<CommandContainer name="{name}"><EntryList>{entries}</EntryList>
      </CommandContainer>{more}</MetaCommand>"""


def one_argument(inner: str, kind: str, attributes: str = "", extra: str = "") -> str:
    """Return a document with one command K, of one argument x of this type alone."""
    name = "RelativeTimeAgumentType" if kind == "RelativeTime" else f"{kind}ArgumentType"
    types = f'{extra}<{name} name="T" {attributes}>{inner}</{name}>'
    return commands_document(types, command('<ArgumentRefEntry argumentRef="x"/>', '<Argument name="x" argumentTypeRef="T"/>'))


def loaded(text: str) -> Database:
    """Return the database of a lawful document that leaves nothing to report."""
    database = read(legal(text))
    assert database.findings == ()
    return database


def compiled(text: str) -> CompiledCommands:
    """Return the commands of a lawful document that leaves nothing to report."""
    return compile_commands(loaded(text))
