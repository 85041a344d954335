use gatehouse_domain::entity::DeviceImport;
use leptos::prelude::*;
use leptos_meta::Title;

use super::state_words;
use crate::api::imports::list;
use crate::components::{
    Badge, FormProblem, Icon, PageHeader, PostForm, Problem, Shape, TextAreaField, Time,
};
use crate::{ConsoleContext, FormOutcome};

/// A list is uploaded or pasted; the imports of the last days.
#[component]
pub(crate) fn ImportsPage() -> impl IntoView {
    let console = use_context::<ConsoleContext>();
    view! {
        <Title text="Import devices"/>
        <PageHeader
            title="Import devices"
            lead="First you see what a list would do. Nothing is written before you confirm it."
            up=("/web/devices", "Devices")
        >
            <a class="button" href="/web/devices/import/template.csv" download="devices.csv" data-reload>
                <Icon shape=Shape::Download/><span>"Template"</span>
            </a>
        </PageHeader>
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                match list(&console).await {
                    Ok(imports) => view! { <Upload/><Recent imports/> }.into_any(),
                    Err(error) => view! { <Problem title="Devices cannot be imported" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Upload() -> impl IntoView {
    let outcome = FormOutcome::current();
    // Of a form that could not even be read, and so belongs to none of the page's forms by name.
    let unread = outcome.action.is_empty().then(|| outcome.error.clone()).flatten();
    view! {
        <div class="cards">
            <section class="card card--part" aria-labelledby="upload-title">
                <h2 id="upload-title">"The list"</h2>
                <FormProblem error=unread/>
                <PostForm action="upload" submit="Show what it would do" has_files=true>
                    <div class="field">
                        <label for="file">"CSV file"</label>
                        <input id="file" name="file" type="file" accept=".csv,.txt,.tsv,text/csv" aria-describedby="file-help"/>
                        <p class="field__help" id="file-help">"At most 100,000 devices and 8 MiB."</p>
                    </div>
                    <TextAreaField
                        name="text"
                        label="Or paste the list"
                        value=outcome.field("text")
                        rows=6
                        is_code=true
                        required=false
                    />
                </PostForm>
            </section>
            <section class="card card--part" aria-labelledby="columns-title">
                <h2 id="columns-title">"Columns"</h2>
                <p>"The first row names the columns, in any order. Columns of other names are left alone."</p>
                <dl class="facts">
                    <dt><code>"os_type"</code></dt>
                    <dd>"linux, macos or windows; also " <code>"os"</code></dd>
                    <dt><code>"asset_tag"</code></dt>
                    <dd>"mostly the serial number; also " <code>"tag"</code> " or " <code>"serial_number"</code></dd>
                    <dt><code>"owner"</code></dt>
                    <dd>"optional: a user of this cluster, who alone may enrol it by auto-enrolment"</dd>
                    <dt><code>"model"</code></dt>
                    <dd>"optional: what the device must say of itself to be auto-enrolled"</dd>
                    <dt><code>"source"</code></dt>
                    <dd>"optional: the list or system that the device comes from"</dd>
                </dl>
                <p class="form__note">
                    "Comma, semicolon or tab; UTF-8 or UTF-16, as spreadsheets save it. Cells that look like formulas are taken as text."
                </p>
            </section>
        </div>
    }
}

#[component]
fn Recent(imports: Vec<DeviceImport>) -> impl IntoView {
    (!imports.is_empty()).then(|| {
        let rows = imports.into_iter().map(|import| {
            let (tone, text) = state_words(import.state);
            view! {
                <tr>
                    <th scope="row"><a href=format!("/web/devices/import/{}", import.id)>{import.file_name}</a></th>
                    <td data-label="State"><Badge tone text/></td>
                    <td data-label="Lines" class="table__number">{import.contents.total()}</td>
                    <td data-label="Registered" class="table__number">{import.progress.registered}</td>
                    <td data-label="Uploaded" class="table__number"><Time at=import.created/></td>
                </tr>
            }
        });
        let rows = rows.collect_view();
        view! {
            <section class="card card--part" aria-labelledby="recent-title">
                <h2 id="recent-title">"Your imports"</h2>
                <div class="table-frame" role="region" aria-label="Your imports" tabindex="0">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">"List"</th><th scope="col">"State"</th><th scope="col">"Lines"</th>
                                <th scope="col">"Registered"</th><th scope="col">"Uploaded"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}
