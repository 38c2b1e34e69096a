//! The implementation of `Event` for a struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, LitStr, Path, Result, parse_quote};

use crate::options::{self, Options};
use crate::snake_case::snake_case;

/// The implementation, or the compiler's error in its place. The trait is in the crate `home`,
/// unless the struct says otherwise.
pub(crate) fn expand(input: &DeriveInput, home: &Path) -> TokenStream {
    implement(input, home).unwrap_or_else(Error::into_compile_error)
}

fn implement(input: &DeriveInput, home: &Path) -> Result<TokenStream> {
    check_shape(input)?;
    let options = Options::parse(&input.attrs)?;
    let home = options.home.as_ref().unwrap_or(home);
    let ack = options.ack.unwrap_or_else(|| parse_quote!(()));
    let ident = &input.ident;
    let name = match options.name {
        Some(name) => name,
        None => default_name(input)?,
    };
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #parameters #home::Event for #ident #arguments #bounds {
            const NAME: &'static str = #name;
            type Ack = #ack;
        }
    })
}

/// Lets structs through.
fn check_shape(input: &DeriveInput) -> Result<()> {
    match &input.data {
        Data::Struct(data) => options::refuse_on(&data.fields),
        Data::Enum(data) => Err(Error::new_spanned(
            data.enum_token,
            "an event is a struct: make each variant a struct of its own",
        )),
        Data::Union(data) => Err(Error::new_spanned(
            data.union_token,
            "an event is a struct, not a union",
        )),
    }
}

fn default_name(input: &DeriveInput) -> Result<LitStr> {
    let name = snake_case(&input.ident.unraw().to_string());
    let name = LitStr::new(&name, input.ident.span());
    options::check_name(&name).map(|()| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The implementation as text, or the error's message.
    fn expanded(input: &str) -> String {
        let home = parse_quote!(::socketio);
        let input: DeriveInput = syn::parse_str(input).unwrap();
        let tokens = implement(&input, &home).map(|tokens| tokens.to_string());
        tokens.unwrap_or_else(|error| error.to_string())
    }

    fn implementation(tokens: TokenStream) -> String {
        quote!(#[automatically_derived] #tokens).to_string()
    }

    #[test]
    fn name_and_ack_are_as_said() {
        assert_eq!(
            expanded(r#"#[event(name = "chat message", ack = Vec<u8>)] struct Message(String);"#),
            implementation(quote! {
                impl ::socketio::Event for Message {
                    const NAME: &'static str = "chat message";
                    type Ack = Vec<u8>;
                }
            })
        );
    }

    #[test]
    fn what_is_not_said_follows_from_the_struct() {
        let expected = |name: &str, ident: TokenStream| {
            implementation(quote! {
                impl ::socketio::Event for #ident {
                    const NAME: &'static str = #name;
                    type Ack = ();
                }
            })
        };
        let chat_message = expected("chat_message", quote!(ChatMessage));
        assert_eq!(
            expanded("struct ChatMessage { text: String }"),
            chat_message
        );
        assert_eq!(expanded("#[event()] struct ChatMessage;"), chat_message);
        assert_eq!(expanded("struct r#fn;"), expected("fn", quote!(r#fn)));
    }

    #[test]
    fn several_attributes_are_one() {
        let apart = "#[event(ack = u8)] #[event(name = \"a\")] struct It;";
        let together = "#[event(name = \"a\", ack = u8,)] struct It;";
        assert_eq!(expanded(apart), expanded(together));
    }

    #[test]
    fn the_trait_may_be_elsewhere() {
        let expanded = expanded("#[event(crate = crate::io)] struct It;");
        let expected = quote!(impl crate::io::Event for It).to_string();
        assert!(expanded.contains(&expected), "{expanded}");
    }

    #[test]
    fn parameters_are_passed_on() {
        assert_eq!(
            expanded(
                "#[event(ack = T)] struct It<'a, T: Copy = u8, const N: usize = 1>(&'a [T; N]) where T: Send;"
            ),
            implementation(quote! {
                impl<'a, T: Copy, const N: usize> ::socketio::Event for It<'a, T, N> where T: Send {
                    const NAME: &'static str = "it";
                    type Ack = T;
                }
            })
        );
    }

    #[test]
    fn errors_say_what_to_do() {
        for (input, error) in [
            (
                "enum It { A }",
                "an event is a struct: make each variant a struct of its own",
            ),
            ("union It { a: u8 }", "an event is a struct, not a union"),
            (
                "#[event(nam = \"a\")] struct It;",
                "`event` has no such key: it knows `name`, `ack` and `crate`",
            ),
            (
                "#[event(name = 7)] struct It;",
                "the name is a string: `name = \"chat message\"`",
            ),
            (
                "#[event(name)] struct It;",
                "the name is a string: `name = \"chat message\"`",
            ),
            (
                "#[event(ack = \"u8\")] struct It;",
                "the acknowledgement is a type: `ack = Receipt`",
            ),
            (
                "#[event(crate = 7)] struct It;",
                "a path is expected: `crate = my_crate::socketio`",
            ),
            (
                "#[event(ack = u8, ack = u8)] struct It;",
                "this is said twice",
            ),
            (
                "#[event(name = \"disconnect\")] struct It;",
                "Socket.IO keeps the name \"disconnect\" for itself",
            ),
            (
                "struct Connect;",
                "Socket.IO keeps the name \"connect\" for itself",
            ),
            (
                "struct It { #[event(name = \"a\")] a: u8 }",
                "`#[event(..)]` belongs to the struct, not to a field",
            ),
        ] {
            assert_eq!(expanded(input), error);
        }
    }
}
